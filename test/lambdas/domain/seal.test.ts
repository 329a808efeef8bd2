import { createDecipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { frame } from '../../../lambdas/domain/framing.ts';
import type { FieldAddress } from '../../../lambdas/domain/seal.ts';
import { envelopeOverhead, seal, tagOf, unseal } from '../../../lambdas/domain/seal.ts';
import { flipped, newKey } from './keys.ts';

const at: FieldAddress = {
  tenant: 'tenant000001',
  patient: 'PATIENT0000000000000000001',
  resource: 'Patient',
  id: 'PATIENT0000000000000000001',
  field: 'mrn',
};
const key = newKey(1);
const keyOf = (version: number) => (version === 1 ? key.key : undefined);
const value = { family: "O'Brien", given: ['José'] };
const envelope = seal(value, at, key);
const refused = expect.objectContaining({ code: 'integrity-failure', policy: 'seal' });

test('what is sealed opens at its address', () => {
  expect(unseal(envelope, at, keyOf)).toEqual(value);
});

test('an envelope is format, key version, IV, ciphertext and tag: at most 32 bytes more than the value', () => {
  expect([...envelope.subarray(0, 3)]).toEqual([1, 0, 1]);
  expect(envelope.length).toBe(Buffer.byteLength(JSON.stringify(value)) + envelopeOverhead);
  expect(envelopeOverhead).toBeLessThanOrEqual(32);
  expect(tagOf(envelope)).toEqual(envelope.subarray(-16));
});

test('the ciphertext is AES-256-GCM of the canonical JSON, bound to format, key version and address', () => {
  const decipher = createDecipheriv('aes-256-gcm', key.key, envelope.subarray(3, 15));
  const { tenant, patient, resource, id, field } = at;
  decipher.setAAD(frame('chartlock sealed field', '1', '1', tenant, patient, resource, id, field));
  decipher.setAuthTag(envelope.subarray(-16));
  const opened = Buffer.concat([decipher.update(envelope.subarray(15, -16)), decipher.final()]);
  expect(opened.toString()).toBe('{"family":"O\'Brien","given":["José"]}');
});

test('the IV is random', () => {
  expect(seal(value, at, key).subarray(3, 15)).not.toEqual(envelope.subarray(3, 15));
});

test('the envelope carries the version of the key that opens it', () => {
  const other = newKey(0x0203);
  const sealed = seal(value, at, other);
  expect([...sealed.subarray(1, 3)]).toEqual([2, 3]);
  expect(unseal(sealed, at, (version) => (version === 0x0203 ? other.key : undefined))).toEqual(value);
});

test('equal values never have equal envelopes', () => {
  expect(seal(value, at, key)).not.toEqual(envelope);
});

test('the value cannot be seen in its envelope', () => {
  expect(envelope.includes('Brien')).toBe(false);
});

test.each([
  ['tenant', { ...at, tenant: 'tenant000002' }],
  ['patient', { ...at, patient: 'PATIENT0000000000000000002' }],
  ['resource', { ...at, resource: 'Vital' }],
  ['record', { ...at, id: 'PATIENT0000000000000000002' }],
  ['field', { ...at, field: 'ssn' }],
])('an envelope that was moved to another %s does not open', (_, elsewhere) => {
  expect(() => unseal(envelope, elsewhere, keyOf)).toThrow(refused);
});

test.each([
  ['format', 0],
  ['key version', 2],
  ['IV', 3],
  ['ciphertext', 16],
  ['tag', -1],
])('an envelope whose %s was changed does not open', (_, position) => {
  expect(() => unseal(flipped(envelope, position), at, () => key.key)).toThrow(refused);
});

test.each([
  ['empty', envelope.subarray(0, 0)],
  ['shorter than its header', envelope.subarray(0, 2)],
  ['shorter than an envelope', envelope.subarray(0, envelopeOverhead)],
  ['truncated', envelope.subarray(0, -1)],
  ['with more behind it', Buffer.concat([envelope, Buffer.of(0)])],
])('an envelope that is %s does not open', (_, changed) => {
  expect(() => unseal(changed, at, keyOf)).toThrow(refused);
});

test('an envelope of a key version that is gone does not open', () => {
  expect(() => unseal(envelope, at, () => undefined)).toThrow(refused);
});

test('an envelope does not open with another key', () => {
  expect(() => unseal(envelope, at, () => newKey().key)).toThrow(refused);
});
