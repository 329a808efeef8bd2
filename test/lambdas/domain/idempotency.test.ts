import { expect, test } from 'vitest';
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

test('the same body within 24 hours gives what the first made', () => {
  expect(replayOf(entry, { name: 'B', mrn: 'A' }, key, hours(23))).toEqual({ id: 'I', version: 1 });
});

test('after 24 hours it is forgotten', () => {
  expect(replayOf(entry, body, key, hours(24))).toBeUndefined();
});

test('another body is refused', () => {
  expect(() => replayOf(entry, { ...body, mrn: 'C' }, key, now)).toThrow(
    expect.objectContaining({ code: 'idempotency-key-reused' }),
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
    expect.objectContaining({ code: 'integrity-failure' }),
  );
});

test('nothing of the body is in it', () => {
  expect(JSON.stringify(entry)).not.toContain('mrn');
});
