import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame } from '../../../lambdas/domain/framing.ts';

const parts = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array()));
const bytesOf = (list: readonly (string | Uint8Array)[]): string =>
  JSON.stringify(list.map((part) => (typeof part === 'string' ? part : [...part])));

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

test('each part follows its length, and a mark of whether it is text or bytes', () => {
  expect(frame('é', Uint8Array.of(7, 0xe9)).toString('utf8')).toBe('1:é2.\u0007é');
  expect(frame('é')).not.toEqual(frame(Uint8Array.of(0xe9)));
});
