import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { frame } from '../../../lambdas/domain/framing.ts';
import {
  authenticateAccess,
  authenticateHistory,
  authenticateRecord,
  verifyAccess,
  verifyHistory,
  verifyRecord,
} from '../../../lambdas/domain/item-authentication.ts';
import { newestKey } from '../../../lambdas/domain/patient-keys.ts';
import { seal } from '../../../lambdas/domain/seal.ts';
import type { StoredRecord } from '../../../lambdas/domain/stored-record.ts';
import { flipped, newPatient } from './keys.ts';

const { keys, branches } = newPatient();
const other = newPatient('tenant000001', 'PATIENT0000000000000000002', branches);
const integrity = newestKey(keys, 'integrity');
const identity = newestKey(keys, 'identity');
const address = {
  tenant: 'tenant000001',
  patient: 'PATIENT0000000000000000001',
  resource: 'Patient',
  id: 'PATIENT0000000000000000001',
};
const envelopeOf = (field: string, value: unknown) => seal(value, { ...address, field }, identity);
const record = authenticateRecord(
  {
    ...address,
    version: 2,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-02T00:00:00.000Z',
    plain: '{"role":"nurse"}',
    sealed: { mrn: envelopeOf('mrn', 'A'), ssn: envelopeOf('ssn', 'B') },
    digests: { mrn: Buffer.from('digest of mrn'), ssn: Buffer.from('digest of ssn') },
    indexes: ['Patient.mrn#1', 'Patient.ssn#2'],
  },
  integrity,
);
const sealedMrn = record.sealed.mrn ?? new Uint8Array();
const sealedSsn = record.sealed.ssn ?? new Uint8Array();
const digest = (text: string) => Buffer.from(text);
const refused = expect.objectContaining({ code: 'integrity-failure', policy: 'item-authentication' });
const refusedAccess = expect.objectContaining({ code: 'integrity-failure', policy: 'access-item' });
const hmac = (message: Uint8Array) =>
  createHmac('sha256', integrity.key)
    .update(Buffer.of(1, 0, 1))
    .update(message)
    .digest('hex');

test('a record is what was stored', () => {
  expect(verifyRecord({ ...record }, keys)).toEqual(record);
});

test('its code covers its key, version, times, plain attributes, index entries, and each field with tag and digest', () => {
  const message = frame(
    'chartlock record',
    'T#tenant000001#P#PATIENT0000000000000000001',
    'Patient#PATIENT0000000000000000001',
    '2',
    '2026-01-01T00:00:00.000Z',
    '2026-01-02T00:00:00.000Z',
    '{"role":"nurse"}',
    '2',
    'Patient.mrn#1',
    'Patient.ssn#2',
    ...['mrn', sealedMrn.subarray(-16), digest('digest of mrn')],
    ...['ssn', sealedSsn.subarray(-16), digest('digest of ssn')],
  );
  expect(Buffer.from(record.code).toString('hex')).toBe(`010001${hmac(message)}`);
});

const edits: readonly (readonly [string, Partial<StoredRecord>])[] = [
  ['tenant', { tenant: 'tenant000002' }],
  ['patient', { patient: 'PATIENT0000000000000000002' }],
  ['resource', { resource: 'Vital' }],
  ['id', { id: 'PATIENT0000000000000000002' }],
  ['version', { version: 3 }],
  ['time of creation', { createdAt: '2026-01-01T00:00:00.001Z' }],
  ['time of change', { updatedAt: '2026-01-01T00:00:00.000Z' }],
  ['plain attribute', { plain: '{"role":"physician"}' }],
  ['index entry', { indexes: ['Patient.mrn#1', 'Patient.ssn#3'] }],
  ['index entries, one gone', { indexes: ['Patient.mrn#1'] }],
  ['index entries, one more', { indexes: [...record.indexes, 'Patient.mrn#3'] }],
  ['envelope, rolled back', { sealed: { ...record.sealed, mrn: envelopeOf('mrn', 'earlier') } }],
  ['envelopes, swapped', { sealed: { mrn: sealedSsn, ssn: sealedMrn } }],
  ['envelope, truncated', { sealed: { ...record.sealed, mrn: sealedMrn.subarray(0, 20) } }],
  ['envelope, only its tag left', { sealed: { ...record.sealed, mrn: sealedMrn.subarray(-16) } }],
  ['tag', { sealed: { ...record.sealed, mrn: flipped(sealedMrn, -1) } }],
  ['field, gone', { sealed: { ssn: sealedSsn }, digests: { ssn: digest('digest of ssn') } }],
  ['envelope, gone', { sealed: { ssn: sealedSsn } }],
  [
    'field, renamed',
    {
      sealed: { mrn: sealedMrn, phone: sealedSsn },
      digests: { mrn: digest('digest of mrn'), phone: digest('digest of ssn') },
    },
  ],
  ['digest', { digests: { ...record.digests, mrn: digest('digest of lie') } }],
  ['digest, one more', { digests: { ...record.digests, phone: digest('digest of nothing') } }],
  ['digest, gone', { digests: { mrn: digest('digest of mrn') } }],
  [
    'digest of another field',
    {
      digests: { mrn: digest('digest of mrn'), phone: digest('digest of ssn') },
    },
  ],
  ['code', { code: flipped(record.code, -1) }],
  ['code, gone', { code: new Uint8Array() }],
];
test.each(edits)('an edit is found: %s', (_, edit) => {
  expect(() => verifyRecord({ ...record, ...edit }, keys)).toThrow(refused);
});

test("another patient's keys do not authenticate it", () => {
  expect(() => verifyRecord({ ...record }, other.keys)).toThrow(refused);
});

test('the order in which DynamoDB gives the fields does not matter', () => {
  const { mrn, ssn } = record.sealed;
  expect(() =>
    verifyRecord({ ...record, sealed: { ssn, mrn } as StoredRecord['sealed'] }, keys),
  ).not.toThrow();
});

test('a kept copy is authentic as history of its version, and nowhere else', () => {
  const kept = authenticateHistory(record, integrity);
  expect(verifyHistory({ ...kept }, keys)).toEqual(kept);
  expect(() => verifyRecord({ ...kept }, keys)).toThrow(refused);
  expect(() => verifyHistory({ ...record }, keys)).toThrow(refused);
  expect(() => verifyHistory({ ...kept, version: 1 }, keys)).toThrow(refused);
});

const access = authenticateAccess(
  { tenant: address.tenant, patient: address.patient, version: 1 },
  { grants: { A: { member: 'm', start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' } } },
  integrity,
);

test("an Access item's code covers its key, version and content", () => {
  const content =
    '{"grants":{"A":{"end":"2026-01-02T00:00:00Z","member":"m","start":"2026-01-01T00:00:00Z"}}}';
  const partition = 'T#tenant000001#P#PATIENT0000000000000000001';
  const message = frame('chartlock access', partition, 'ACCESS', '1', content);
  const { tenant, patient } = address;
  expect({ ...access, code: Buffer.from(access.code).toString('hex') }).toEqual({
    tenant,
    patient,
    version: 1,
    content,
    code: `010001${hmac(message)}`,
  });
});

test('an Access item is read as it was stored', () => {
  expect(verifyAccess({ ...access }, keys).grants.A?.end).toBe('2026-01-02T00:00:00Z');
});

test.each([
  ['period', { ...access, content: access.content.replace('01-02', '09-02') }],
  ['version', { ...access, version: 2 }],
  ['patient', { ...access, patient: 'PATIENT0000000000000000002' }],
  ['tenant', { ...access, tenant: 'tenant000002' }],
  ['code', { ...access, code: flipped(access.code, 5) }],
])('an edited Access item is refused: %s', (_, edited) => {
  expect(() => verifyAccess(edited, keys)).toThrow(refusedAccess);
});

test("another patient's Access item is refused", () => {
  const theirs = authenticateAccess(
    { ...access, patient: 'PATIENT0000000000000000002' },
    { grants: {} },
    newestKey(other.keys, 'integrity'),
  );
  expect(() => verifyAccess({ ...theirs, patient: address.patient }, keys)).toThrow(refusedAccess);
});
