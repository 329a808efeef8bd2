import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { authenticationCode, isAuthentic } from '../../../lambdas/domain/authentication-code.ts';
import { flipped, newKey } from './keys.ts';

const message = Buffer.from('message');
const key = newKey(3);
const keyOf = (version: number) => (version === 3 ? key.key : undefined);
const code = authenticationCode(key, message);

test('a code is format byte, key version and HMAC-SHA-256 of both and the message', () => {
  const hmac = createHmac('sha256', key.key)
    .update(Buffer.of(1, 0, 3))
    .update(message)
    .digest('hex');
  expect(code.toString('hex')).toBe(`010003${hmac}`);
});

test('a code is authentic for its message and key', () => {
  expect(isAuthentic(code, message, keyOf)).toBe(true);
});

test.each([
  ['another message', code, Buffer.from('massage'), keyOf],
  ['another key', code, message, () => newKey().key],
  ['no such key version', code, message, () => undefined],
  ['another format', flipped(code, 0), message, keyOf],
  ['another key version', flipped(code, 2), message, () => key.key],
  ['a changed code', flipped(code, -1), message, keyOf],
  ['a shortened code', code.subarray(0, -1), message, keyOf],
  ['a code with more behind it', Buffer.concat([code, Buffer.of(0)]), message, keyOf],
  ['no code', Buffer.alloc(0), message, keyOf],
])('a code is not authentic: %s', (_, changed, about, keys) => {
  expect(isAuthentic(changed, about, keys)).toBe(false);
});
