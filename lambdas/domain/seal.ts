import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ApiError } from './api-error.ts';
import { canonicalForm } from './canonical-form.ts';
import { frame } from './framing.ts';
import { ivLength, randomIv } from './random-iv.ts';
import type { KeyOfVersion, VersionedKey } from './versioned-key.ts';

/** Where a sealed value belongs; it opens nowhere else. */
export interface FieldAddress {
  readonly tenant: string;
  readonly patient: string;
  readonly resource: string;
  readonly id: string;
  readonly field: string;
}

const algorithm = 'aes-256-gcm';
const format = 1;
const tagLength = 16;
const headerLength = 3 + ivLength;

/** What an envelope adds to the value's canonical JSON. */
export const envelopeOverhead = headerLength + tagLength;

const associatedData = ({ tenant, patient, resource, id, field }: FieldAddress, keyVersion: number): Buffer =>
  frame('chartlock sealed field', String(format), String(keyVersion), tenant, patient, resource, id, field);

/**
 * Seals one field's value by AES-256-GCM (NIST SP 800-38D, random 96-bit IV): format byte, key version (uint16), IV,
 * ciphertext of the canonical JSON, 128-bit tag.
 */
export const seal = (value: unknown, at: FieldAddress, { version, key }: VersionedKey): Buffer => {
  const header = Buffer.allocUnsafe(3);
  header.writeUInt8(format, 0);
  header.writeUInt16BE(version, 1);
  const iv = randomIv();
  const cipher = createCipheriv(algorithm, key, iv);
  cipher.setAAD(associatedData(at, version));
  const sealed = cipher.update(canonicalForm(value), 'utf8');
  cipher.final();
  return Buffer.concat([header, iv, sealed, cipher.getAuthTag()]);
};

const refuse = (cause?: unknown): ApiError => new ApiError('integrity-failure', { policy: 'seal', cause });

/**
 * Opens one field's envelope.
 * @throws ApiError `integrity-failure` when it is not exactly what was sealed at this address.
 */
export const unseal = (envelope: Uint8Array, at: FieldAddress, keyOf: KeyOfVersion): unknown => {
  if (envelope.length <= envelopeOverhead || envelope[0] !== format) throw refuse();
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.length);
  const version = bytes.readUInt16BE(1);
  const key = keyOf(version);
  if (key === undefined) throw refuse();
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(3, headerLength));
    decipher.setAAD(associatedData(at, version)).setAuthTag(bytes.subarray(-tagLength));
    const opened = decipher.update(bytes.subarray(headerLength, -tagLength));
    decipher.final();
    return JSON.parse(opened.toString('utf8'));
  } catch (cause) {
    throw refuse(cause);
  }
};

/** An envelope's authentication tag, which stands for the whole of it in its item's authentication. */
export const tagOf = (envelope: Uint8Array): Uint8Array => envelope.subarray(-tagLength);
