import type { KeyObject } from 'node:crypto';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.ts';
import { canonicalForm } from './canonical-form.ts';
import { frame } from './framing.ts';
import type { Principal } from './principal.ts';

/** How long a request's key is remembered. */
const lifetimeSeconds = 24 * 60 * 60;

/** What is remembered of a request with an `Idempotency-Key`: what it made, never what it said. */
export interface IdempotencyEntry {
  readonly tenant: string;
  /** Names the entry: a keyed hash of principal, operation and key. */
  readonly digest: string;
  /** A keyed hash of the body. */
  readonly body: Uint8Array;
  readonly id: string;
  readonly version: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Authenticates all of it. */
  readonly code: Uint8Array;
}

const hmac = (key: KeyObject, ...parts: readonly (string | Uint8Array)[]): Buffer =>
  createHmac('sha256', key)
    .update(frame(...parts))
    .digest();

/** The name of the entry for a principal's key, under the tenant's index key. */
export const idempotencyDigest = (
  { tenant, subject }: Pick<Principal, 'tenant' | 'subject'>,
  operation: string,
  key: string,
  indexKey: KeyObject,
): string => hmac(indexKey, 'chartlock idempotency', tenant, subject, operation, key).toString('base64url');

const bodyDigest = (tenant: string, digest: string, body: unknown, indexKey: KeyObject): Buffer =>
  hmac(indexKey, 'chartlock idempotent body', tenant, digest, canonicalForm(body));

const codeOf = (
  { tenant, digest, body, id, version, expiresAt }: Omit<IdempotencyEntry, 'code'>,
  indexKey: KeyObject,
): Buffer =>
  hmac(indexKey, 'chartlock idempotency entry', tenant, digest, body, id, String(version), String(expiresAt));

/** The entry that remembers what a request made, for 24 hours. */
export const newIdempotencyEntry = (
  { tenant, digest, id, version }: Pick<IdempotencyEntry, 'tenant' | 'digest' | 'id' | 'version'>,
  body: unknown,
  indexKey: KeyObject,
  now: Date,
): IdempotencyEntry => {
  const entry = {
    tenant,
    digest,
    body: bodyDigest(tenant, digest, body, indexKey),
    id,
    version,
    expiresAt: Math.floor(now.getTime() / 1000) + lifetimeSeconds,
  };
  return { ...entry, code: codeOf(entry, indexKey) };
};

/**
 * What an earlier request with the same key made; nothing when it is forgotten.
 * @throws ApiError `idempotency-key-reused` when it had another body, `integrity-failure` when the entry was edited.
 */
export const replayOf = (
  entry: IdempotencyEntry,
  body: unknown,
  indexKey: KeyObject,
  now: Date,
): Pick<IdempotencyEntry, 'id' | 'version'> | undefined => {
  const code = codeOf(entry, indexKey);
  if (entry.code.length !== code.length || !timingSafeEqual(entry.code, code))
    throw new ApiError('integrity-failure', { policy: 'idempotency' });
  if (entry.expiresAt * 1000 <= now.getTime()) return undefined;
  const same = bodyDigest(entry.tenant, entry.digest, body, indexKey);
  if (!timingSafeEqual(same, entry.body))
    throw new ApiError('idempotency-key-reused', { policy: 'idempotency' });
  return { id: entry.id, version: entry.version };
};
