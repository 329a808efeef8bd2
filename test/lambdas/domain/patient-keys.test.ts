import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { frame } from '../../../lambdas/domain/framing.ts';
import {
  branchVersionsOf,
  keyFrom,
  newestKey,
  newPatientKeys,
  openPatientKeys,
} from '../../../lambdas/domain/patient-keys.ts';
import { compartments } from '../../../model/vocabulary.ts';
import { flipped, newBranches, newKey, newPatient } from './keys.ts';

const { stored, keys, branches } = newPatient();
const refused = expect.objectContaining({ code: 'integrity-failure', policy: 'patient-keys' });
const wrappedOf = (name: string): Uint8Array => stored.wrapped[name] ?? new Uint8Array();
const withWrapped = (name: string, bytes: Uint8Array) => ({
  ...stored,
  wrapped: { ...stored.wrapped, [name]: bytes },
});

test('a patient has a different key in each compartment', () => {
  const exported = compartments.map((name) => newestKey(keys, name).key.export().toString('hex'));
  expect(new Set(exported).size).toBe(compartments.length);
});

test('keys are stored wrapped by the newest branch key', () => {
  expect(branchVersionsOf(stored)).toEqual(compartments.map((compartment) => ({ compartment, version: 2 })));
  const raw = newestKey(keys, 'identity').key.export();
  expect(Buffer.from(wrappedOf('identity.1')).includes(raw)).toBe(false);
});

test('a key is wrapped by AES-256-GCM, bound to format, address, compartment and both versions', () => {
  const wrapped = Buffer.from(wrappedOf('clinical.1'));
  const branch = branches.newest('clinical')?.key ?? newKey().key;
  const decipher = createDecipheriv('aes-256-gcm', branch, wrapped.subarray(3, 15));
  const { tenant, patient } = stored;
  decipher.setAAD(frame('chartlock patient key', '1', tenant, patient, 'clinical', '1', '2'));
  decipher.setAuthTag(wrapped.subarray(-16));
  const raw = Buffer.concat([decipher.update(wrapped.subarray(15, -16)), decipher.final()]);
  expect(newestKey(keys, 'clinical').key.equals(createSecretKey(raw))).toBe(true);
  expect(wrapped.subarray(0, 3)).toEqual(Buffer.of(1, 0, 2));
});

test('no two keys are wrapped with one IV', () => {
  const ivs = Object.values(stored.wrapped).map((bytes) =>
    Buffer.from(bytes.subarray(3, 15)).toString('hex'),
  );
  expect(new Set(ivs).size).toBe(compartments.length);
});

test('a key is opened once', () => {
  const again = openPatientKeys(stored, branches);
  expect(again.newest('billing')?.key).toBe(again.of('billing')(1));
});

test('keys that were stored open again', () => {
  const again = openPatientKeys(stored, branches);
  expect(newestKey(again, 'clinical').key.equals(newestKey(keys, 'clinical').key)).toBe(true);
  expect(again.of('clinical')(1)?.equals(newestKey(keys, 'clinical').key)).toBe(true);
});

test('the newest of several versions is the one to write with; earlier ones still open', () => {
  const versioned = newPatient().stored;
  expect(openPatientKeys(versioned, branches).of('identity')(2)).toBeUndefined();
  const swapped = withWrapped('identity.2', wrappedOf('identity.1'));
  expect(() => openPatientKeys(swapped, branches).newest('identity')).toThrow(refused);
  expect(openPatientKeys(swapped, branches).of('identity')(1)).toBeDefined();
});

test('a patient without a key in a compartment has none there', () => {
  const few = openPatientKeys(newPatientKeys(stored, ['identity'], branches), branches);
  expect(few.newest('clinical')).toBeUndefined();
  expect(few.of('clinical')(1)).toBeUndefined();
  expect(() => newestKey(few, 'clinical')).toThrow(TypeError);
});

test.each([
  ['tenant', { ...stored, tenant: 'tenant000002' }],
  ['patient', { ...stored, patient: 'PATIENT0000000000000000002' }],
])('keys that were moved to another %s do not open', (_, moved) => {
  expect(() => openPatientKeys(moved, branches).newest('identity')).toThrow(refused);
});

test('keys that were moved to another compartment do not open, were the branch keys equal', () => {
  const one = newKey(2);
  const same = { newest: () => one, of: () => one.key };
  const wrapped = newPatientKeys(stored, ['clinical'], same).wrapped['clinical.1'] ?? new Uint8Array();
  expect(() => openPatientKeys(withWrapped('identity.1', wrapped), same).newest('identity')).toThrow(refused);
});

test.each([
  ['format', 0],
  ['branch key version', 2],
  ['IV', 3],
  ['key', 20],
  ['tag', -1],
])('a wrapped key whose %s was changed does not open', (_, position) => {
  const changed = withWrapped('identity.1', flipped(wrappedOf('identity.1'), position));
  const any = { ...branches, of: () => branches.newest('identity')?.key };
  expect(() => openPatientKeys(changed, any).newest('identity')).toThrow(refused);
});

test('a wrapped key of another length does not open', () => {
  const changed = withWrapped('identity.1', wrappedOf('identity.1').subarray(0, -1));
  expect(() => openPatientKeys(changed, branches).newest('identity')).toThrow(refused);
  expect(() => branchVersionsOf(changed)).toThrow(refused);
  const shortest = withWrapped('identity.1', wrappedOf('identity.1').subarray(0, 2));
  expect(() => openPatientKeys(shortest, branches).newest('identity')).toThrow(refused);
});

test('a wrapped key of a branch key version that is not there does not open', () => {
  const gone = { ...branches, of: () => undefined };
  expect(() => openPatientKeys(stored, gone).newest('identity')).toThrow(refused);
});

test.each(['identity.0', 'identity.65536', 'identity.01', 'other.1', 'identity', 'index.1', '__proto__'])(
  'an item with an unknown attribute is refused: %s',
  (name) => {
    const wrapped = Object.defineProperty({ ...stored.wrapped }, name, {
      value: wrappedOf('identity.1'),
      enumerable: true,
    });
    expect(() => openPatientKeys({ ...stored, wrapped }, branches)).toThrow(refused);
  },
);

test('a function makes no key in a compartment in which it has no part', () => {
  expect(() => newPatientKeys(stored, ['billing'], newBranches(['identity']))).toThrow(
    'no branch key for billing',
  );
});

test('the raw bytes of a key are overwritten once there is a key object', () => {
  const raw = randomBytes(32);
  const expected = createSecretKey(Buffer.from(raw));
  expect(keyFrom(raw).equals(expected)).toBe(true);
  expect([...raw]).toEqual(Array(32).fill(0));
});
