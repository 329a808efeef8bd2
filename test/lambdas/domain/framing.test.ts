import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame } from '../../../lambdas/domain/framing.ts';

const parts = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array()));
const bytesOf = (list: readonly (string | Uint8Array)[]): string =>
  JSON.stringify(list.map((part) => [...Buffer.from(part as string)]));

test('different lists of parts never give equal bytes', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      expect(frame(...one).equals(frame(...other))).toBe(bytesOf(one) === bytesOf(other));
    }),
  );
});

test('moving a boundary between parts changes the bytes', () => {
  expect(frame('ab', 'c')).not.toEqual(frame('a', 'bc'));
  expect(frame('ab')).not.toEqual(frame('a', 'b'));
  expect(frame('a', '')).not.toEqual(frame('a'));
});

test('each part follows its length in bytes as an unsigned 32-bit number', () => {
  expect(frame('é', Uint8Array.of(7)).toString('hex')).toBe('00000002c3a90000000107');
});
