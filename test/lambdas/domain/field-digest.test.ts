import { expect, test } from 'vitest';
import { authenticationCode } from '../../../lambdas/domain/authentication-code.ts';
import { fieldDigest } from '../../../lambdas/domain/field-digest.ts';
import { frame } from '../../../lambdas/domain/framing.ts';
import { newKey } from './keys.ts';

const at = { tenant: 'tenant000001', patient: 'P', resource: 'Patient', id: 'P', field: 'mrn' };
const key = newKey();

test('equal values of a field have equal digests, whatever the order of their members', () => {
  expect(fieldDigest({ a: 1, b: 2 }, at, key)).toEqual(fieldDigest({ b: 2, a: 1 }, at, key));
});

test('a digest is the authentication code of the address and the canonical JSON', () => {
  const message = frame('chartlock field digest', 'tenant000001', 'P', 'Patient', 'P', 'mrn', '{"a":1}');
  expect(fieldDigest({ a: 1 }, at, key)).toEqual(authenticationCode(key, message));
});

test.each([
  ['value', fieldDigest('b', at, key)],
  ['tenant', fieldDigest('a', { ...at, tenant: 'tenant000002' }, key)],
  ['patient', fieldDigest('a', { ...at, patient: 'Q' }, key)],
  ['resource', fieldDigest('a', { ...at, resource: 'Vital' }, key)],
  ['record', fieldDigest('a', { ...at, id: 'Q' }, key)],
  ['field', fieldDigest('a', { ...at, field: 'ssn' }, key)],
  ['key', fieldDigest('a', at, newKey())],
])('another %s has another digest', (_, other) => {
  expect(other).not.toEqual(fieldDigest('a', at, key));
});
