import { expect, test } from 'vitest';
import { randomIv } from '../../../lambdas/domain/random-iv.ts';

test('initialization vectors are 96 bits long and never the same, also when the pool is filled anew', () => {
  const ivs = Array.from({ length: 2000 }, randomIv);
  expect(new Set(ivs.map(({ length }) => length))).toEqual(new Set([12]));
  expect(new Set(ivs.map((iv) => iv.toString('hex'))).size).toBe(2000);
});

test('every byte of one is random', () => {
  const ivs = Array.from({ length: 1000 }, randomIv);
  for (let position = 0; position < 12; position += 1)
    expect(new Set(ivs.map((iv) => iv[position])).size).toBeGreaterThan(200);
});

test('one that was handed out does not change', () => {
  const iv = randomIv();
  const before = iv.toString('hex');
  for (let n = 0; n < 1000; n += 1) randomIv();
  expect(iv.toString('hex')).toBe(before);
});
