import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { Compartment } from '../../model/vocabulary.ts';
import { compartments } from '../../model/vocabulary.ts';
import { ApiError } from './api-error.ts';
import { frame } from './framing.ts';
import { ivLength, randomIv } from './random-iv.ts';
import type { KeyOfVersion, VersionedKey } from './versioned-key.ts';

/** Whose keys they are. */
export interface PatientAddress {
  readonly tenant: string;
  readonly patient: string;
}

/** A patient's keys as they are stored: each wrapped by its compartment's branch key, by `<compartment>.<version>`. */
export interface WrappedPatientKeys extends PatientAddress {
  readonly wrapped: { readonly [name: string]: Uint8Array };
}

/** A tenant's branch keys, by compartment. */
export interface BranchKeys {
  /** The key that wraps new keys; nothing when the function has no part in the compartment. */
  readonly newest: (compartment: Compartment) => VersionedKey | undefined;
  readonly of: (compartment: Compartment, version: number) => KeyObject | undefined;
}

/** A patient's keys, each unwrapped when it is first needed. */
export interface PatientKeys {
  readonly stored: WrappedPatientKeys;
  /** The key for what is written now; nothing when the patient has none in the compartment. */
  readonly newest: (compartment: Compartment) => VersionedKey | undefined;
  readonly of: (compartment: Compartment) => KeyOfVersion;
}

const algorithm = 'aes-256-gcm';
const format = 1;
const keyLength = 32;
const tagLength = 16;
const headerLength = 3 + ivLength;
const wrappedLength = headerLength + keyLength + tagLength;

const refuse = (cause?: unknown): ApiError =>
  new ApiError('integrity-failure', { policy: 'patient-keys', cause });

const associatedData = (
  { tenant, patient }: PatientAddress,
  compartment: Compartment,
  version: number,
  branchVersion: number,
): Buffer =>
  frame(
    'chartlock patient key',
    String(format),
    tenant,
    patient,
    compartment,
    String(version),
    String(branchVersion),
  );

/** Uses a key's raw bytes once, and then overwrites them. */
export const erasing = <T>(raw: Uint8Array, use: (raw: Uint8Array) => T): T => {
  try {
    return use(raw);
  } finally {
    raw.fill(0);
  }
};

/** A key from raw bytes, which are overwritten: only the key object is left. */
export const keyFrom = (raw: Uint8Array): KeyObject => erasing(raw, (bytes) => createSecretKey(bytes));

const wrap = (raw: Uint8Array, { version, key }: VersionedKey, aadOf: (branchVersion: number) => Buffer) => {
  const header = Buffer.allocUnsafe(3);
  header.writeUInt8(format, 0);
  header.writeUInt16BE(version, 1);
  const iv = randomIv();
  const cipher = createCipheriv(algorithm, key, iv).setAAD(aadOf(version));
  return Buffer.concat([header, iv, cipher.update(raw), cipher.final(), cipher.getAuthTag()]);
};

const unwrap = (
  wrapped: Uint8Array,
  at: PatientAddress,
  compartment: Compartment,
  version: number,
  branches: BranchKeys,
): KeyObject => {
  if (wrapped.length !== wrappedLength || wrapped[0] !== format) throw refuse();
  const branchVersion = branchVersionOf(wrapped);
  const branch = branches.of(compartment, branchVersion);
  if (branch === undefined) throw refuse();
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
  const decipher = createDecipheriv(algorithm, branch, bytes.subarray(3, headerLength));
  decipher
    .setAAD(associatedData(at, compartment, version, branchVersion))
    .setAuthTag(bytes.subarray(-tagLength));
  const raw = decipher.update(bytes.subarray(headerLength, -tagLength));
  try {
    decipher.final();
  } catch (cause) {
    throw refuse(cause);
  }
  return keyFrom(raw);
};

const parseName = (name: string): { compartment: Compartment; version: number } => {
  const match = /^([a-z]+)\.([1-9][0-9]{0,4})$/.exec(name);
  const compartment = compartments.find((known) => known === match?.[1]);
  const version = Number(match?.[2]);
  if (compartment === undefined || !(version <= 0xffff)) throw refuse();
  return { compartment, version };
};

const branchVersionOf = (wrapped: Uint8Array): number =>
  Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length).readUInt16BE(1);

/** The branch key versions that a patient's keys are wrapped by. */
export const branchVersionsOf = ({
  wrapped,
}: WrappedPatientKeys): readonly { compartment: Compartment; version: number }[] =>
  Object.entries(wrapped).map(([name, bytes]) => {
    if (bytes.length !== wrappedLength) throw refuse();
    return { compartment: parseName(name).compartment, version: branchVersionOf(bytes) };
  });

/**
 * A patient's keys, opened by the tenant's branch keys when they are used.
 * @throws ApiError `integrity-failure`, also from the returned functions, when one is not what was stored for this patient.
 */
export const openPatientKeys = (stored: WrappedPatientKeys, branches: BranchKeys): PatientKeys => {
  const versions = new Map<Compartment, number>();
  for (const name of Object.keys(stored.wrapped)) {
    const { compartment, version } = parseName(name);
    versions.set(compartment, Math.max(version, versions.get(compartment) ?? 0));
  }
  const opened = new Map<string, KeyObject>();
  const keyOf = (compartment: Compartment, version: number): KeyObject | undefined => {
    const name = `${compartment}.${version}`;
    const known = opened.get(name);
    if (known) return known;
    const wrapped = stored.wrapped[name];
    if (wrapped === undefined) return undefined;
    const key = unwrap(wrapped, stored, compartment, version, branches);
    opened.set(name, key);
    return key;
  };
  return {
    stored,
    of: (compartment) => (version) => keyOf(compartment, version),
    newest: (compartment) => {
      const version = versions.get(compartment) ?? 0;
      const key = keyOf(compartment, version);
      return key && { version, key };
    },
  };
};

/**
 * New random keys for a patient in compartments where it has none, each wrapped by its compartment's branch key.
 * @throws TypeError when the function has no part in a compartment.
 */
export const newPatientKeys = (
  at: PatientAddress,
  needed: readonly Compartment[],
  branches: BranchKeys,
): WrappedPatientKeys => ({
  tenant: at.tenant,
  patient: at.patient,
  wrapped: Object.fromEntries(
    needed.map((compartment) => {
      const branch = branches.newest(compartment);
      if (branch === undefined) throw new TypeError(`no branch key for ${compartment}`);
      const contextOf = (branchVersion: number) => associatedData(at, compartment, 1, branchVersion);
      const wrapped = erasing(randomBytes(keyLength), (raw) => wrap(raw, branch, contextOf));
      return [`${compartment}.1`, wrapped];
    }),
  ),
});

/**
 * The key for what is written now in a compartment.
 * @throws TypeError when the patient has none there.
 */
export const newestKey = (keys: PatientKeys, compartment: Compartment): VersionedKey => {
  const key = keys.newest(compartment);
  if (key === undefined) throw new TypeError(`no key for ${compartment}`);
  return key;
};
