import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { indexEntriesOf, indexEntryFor } from '../../../lambdas/domain/blind-index.ts';
import { frame } from '../../../lambdas/domain/framing.ts';
import { indexPlans } from '../../../model/derive/storage.ts';
import { patient } from '../../../model/resources/patient.ts';
import { newKey } from './keys.ts';

const tenant = 'tenant000001';
const { key } = newKey();
const planOf = (name: string) => {
  const plan = indexPlans(patient).find((known) => known.name === name);
  if (!plan) throw new Error(name);
  return plan;
};
const entries = (name: string, values: object, of = tenant, by = key) =>
  indexEntriesOf(of, planOf(name), values as { [field: string]: unknown }, by);
const entry = (name: string, parameters: object) =>
  indexEntryFor(tenant, planOf(name), parameters as { [field: string]: unknown }, key);

test('a search finds what a record entered', () => {
  expect(entries('mrn', { mrn: 'SYN-1' })).toEqual([entry('mrn', { mrn: 'SYN-1' })]);
  expect(entries('nameAndBirthDate', { name: { family: 'Meier' }, birthDate: '1984-02-29' })).toEqual([
    entry('nameAndBirthDate', { birthDate: '1984-02-29', family: 'Meier' }),
  ]);
});

test.each([
  ['case', 'email', 'email', 'ANNA@example.org', 'anna@EXAMPLE.org'],
  ['white space', 'mrn', 'mrn', ' A  1 ', 'A 1'],
  ['compatibility forms (NFKC)', 'mrn', 'mrn', 'ＡＢ１', 'AB1'],
  ['composed letters', 'email', 'email', 'jose\u0301@example.org', 'josé@example.org'],
  ['ß', 'email', 'email', 'STRASSE@example.org', 'straße@example.org'],
  ['final sigma', 'email', 'email', 'ΟΔΟΣ@example.org', 'οδος@example.org'],
  ['punctuation of digits', 'ssn', 'ssn', '219-09-9999', '219099999'],
])('equal but for %s is equal', (_, name, parameter, one, other) => {
  expect(entry(name, { [parameter]: one })).toBe(entry(name, { [parameter]: other }));
});

test.each([
  ['values', 'mrn', { mrn: 'A1' }, 'mrn', { mrn: 'A2' }],
  ['indexes', 'mrn', { mrn: 'a' }, 'email', { email: 'a' }],
  [
    'boundaries between parameters',
    'identifier',
    { system: 'ab', value: 'c' },
    'identifier',
    { system: 'a', value: 'bc' },
  ],
])('different %s are different', (_, name, one, otherName, other) => {
  const hmac = (text: string | undefined) => text?.split('#')[1];
  expect(hmac(entry(name, one))).not.toBe(hmac(entry(otherName, other)));
});

test('equal values of different tenants differ, were even their keys equal', () => {
  expect(entries('mrn', { mrn: 'A1' }, 'tenant000002')).not.toEqual(entries('mrn', { mrn: 'A1' }));
  expect(entries('mrn', { mrn: 'A1' }, tenant, newKey().key)).not.toEqual(entries('mrn', { mrn: 'A1' }));
});

test('an entry is an HMAC-SHA-256 of tenant, index and the canonical values by name', () => {
  const message = frame(
    'chartlock blind index',
    tenant,
    'Patient.nameAndBirthDate',
    ...['birthDate', '19840229', 'family', 'meier'],
  );
  const hmac = createHmac('sha256', key).update(message).digest('base64url');
  expect(entry('nameAndBirthDate', { family: 'Meier', birthDate: '1984-02-29' })).toBe(
    `Patient.nameAndBirthDate#${hmac}`,
  );
});

test('a number is entered as its text', () => {
  expect(entries('mrn', { mrn: 42 })).toEqual(entries('mrn', { mrn: '42' }));
});

test('an entry names its index and holds no value', () => {
  expect(entry('ssn', { ssn: '219-09-9999' })).toMatch(/^Patient\.ssn#[A-Za-z0-9_-]{43}$/);
});

test('each element of an array is entered, equal ones once', () => {
  const element = { system: 'urn:a', value: '1' };
  const two = [element, { ...element, value: '2' }, { system: 'URN:A', value: '1' }];
  expect(entries('identifier', { identifier: two })).toEqual([
    entry('identifier', element),
    entry('identifier', { ...element, value: '2' }),
  ]);
});

test.each([
  ['no value', 'ssn', {}],
  ['a member of nothing', 'nameAndBirthDate', { name: null, birthDate: '1984-02-29' }],
  ['one value of two', 'nameAndBirthDate', { birthDate: '1984-02-29' }],
  ['a value without a canonical form', 'mrn', { mrn: ' ' }],
  ['not an array', 'identifier', { identifier: { system: 'a', value: 'b' } }],
  ['a value that is no text or number', 'mrn', { mrn: ['a'] }],
])('a record is not entered: %s', (_, name, values) => {
  expect(entries(name, values)).toEqual([]);
});

test('an inherited member is no value', () => {
  expect(entries('mrn', Object.create({ mrn: 'A1' }) as object)).toEqual([]);
});
