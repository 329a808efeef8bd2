import { createSecretKey, randomBytes } from 'node:crypto';
import type { BranchKeys, PatientKeys, WrappedPatientKeys } from '../../../lambdas/domain/patient-keys.ts';
import { newPatientKeys, openPatientKeys } from '../../../lambdas/domain/patient-keys.ts';
import type { VersionedKey } from '../../../lambdas/domain/versioned-key.ts';
import type { Compartment } from '../../../model/vocabulary.ts';
import { compartments } from '../../../model/vocabulary.ts';

/** A random key. */
export const newKey = (version = 1): VersionedKey => ({ version, key: createSecretKey(randomBytes(32)) });

/** A tenant's branch keys, two versions of each, the second in use. */
export const newBranches = (of: readonly Compartment[] = compartments): BranchKeys => {
  const keys = new Map(
    of.flatMap((name) => [1, 2].map((version) => [`${name}.${version}`, newKey(version)])),
  );
  return {
    of: (compartment, version) => keys.get(`${compartment}.${version}`)?.key,
    newest: (compartment) => keys.get(`${compartment}.2`),
  };
};

/** A patient with keys in every compartment. */
export const newPatient = (
  tenant = 'tenant000001',
  patient = 'PATIENT0000000000000000001',
  branches: BranchKeys = newBranches(),
): { readonly stored: WrappedPatientKeys; readonly keys: PatientKeys; readonly branches: BranchKeys } => {
  const stored = newPatientKeys({ tenant, patient }, compartments, branches);
  return { stored, keys: openPatientKeys(stored, branches), branches };
};

/** The bytes with one bit changed. */
export const flipped = (bytes: Uint8Array, position: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) =>
    index === (position + bytes.length) % bytes.length ? byte ^ 1 : byte,
  );
