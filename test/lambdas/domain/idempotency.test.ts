import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { frame } from '../../../lambdas/domain/framing.ts';
import type { IdempotencyEntry } from '../../../lambdas/domain/idempotency.ts';
import { idempotencyDigest, newIdempotencyEntry, replayOf } from '../../../lambdas/domain/idempotency.ts';
import { flipped, newKey } from './keys.ts';

const { key } = newKey();
const principal = { tenant: 'tenant000001', subject: 's' };
const digest = idempotencyDigest(principal, 'Patient.create', 'key', key);
const now = new Date('2026-01-01T00:00:00Z');
const body = { mrn: 'A', name: 'B' };
const entry = newIdempotencyEntry({ tenant: 'tenant000001', digest, id: 'I', version: 1 }, body, key, now);
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);

test('a key belongs to its principal, operation and tenant', () => {
  const others = [
    idempotencyDigest({ ...principal, subject: 't' }, 'Patient.create', 'key', key),
    idempotencyDigest({ ...principal, tenant: 'tenant000002' }, 'Patient.create', 'key', key),
    idempotencyDigest(principal, 'Vital.create', 'key', key),
    idempotencyDigest(principal, 'Patient.create', 'other', key),
    idempotencyDigest(principal, 'Patient.create', 'key', newKey().key),
  ];
  expect(new Set([digest, ...others]).size).toBe(6);
});

test('name, body and whole are HMAC-SHA-256 under the index key, each of its own kind', () => {
  const hmac = (...parts: (string | Uint8Array)[]) =>
    createHmac('sha256', key)
      .update(frame(...parts))
      .digest();
  const { tenant } = principal;
  expect(digest).toBe(
    hmac('chartlock idempotency', tenant, 's', 'Patient.create', 'key').toString('base64url'),
  );
  expect(entry.body).toEqual(hmac('chartlock idempotent body', tenant, digest, '{"mrn":"A","name":"B"}'));
  const expiry = String(now.getTime() / 1000 + 86_400);
  expect(entry.code).toEqual(
    hmac('chartlock idempotency entry', tenant, digest, entry.body, 'I', '1', expiry),
  );
});

test('the same body within 24 hours gives what the first made', () => {
  expect(replayOf(entry, { name: 'B', mrn: 'A' }, key, hours(23))).toEqual({ id: 'I', version: 1 });
});

test('after 24 hours it is forgotten', () => {
  expect(replayOf(entry, body, key, hours(24))).toBeUndefined();
});

test('another body is refused', () => {
  expect(() => replayOf(entry, { ...body, mrn: 'C' }, key, now)).toThrow(
    expect.objectContaining({ code: 'idempotency-key-reused', policy: 'idempotency' }),
  );
});

const edits: readonly (readonly [string, Partial<IdempotencyEntry>])[] = [
  ['tenant', { tenant: 'tenant000002' }],
  ['name', { digest: 'other' }],
  ['body', { body: flipped(entry.body, 0) }],
  ['id', { id: 'J' }],
  ['version', { version: 2 }],
  ['expiry', { expiresAt: entry.expiresAt + 1 }],
  ['code', { code: flipped(entry.code, 0) }],
  ['code, shortened', { code: entry.code.subarray(1) }],
];
test.each(edits)('an edited entry is refused: %s', (_, edit) => {
  expect(() => replayOf({ ...entry, ...edit }, body, key, now)).toThrow(
    expect.objectContaining({ code: 'integrity-failure', policy: 'idempotency' }),
  );
});

test('nothing of the body is in it', () => {
  expect(JSON.stringify(entry)).not.toContain('mrn');
});
