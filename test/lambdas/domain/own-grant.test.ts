import { expect, test } from 'vitest';
import { widensOwnGrant } from '../../../lambdas/domain/own-grant.ts';

const me = '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11';
const another = '9c6b5f0e-1d2c-4b3a-8f7e-6a5b4c3d2e1f';
const start = '2026-01-05T08:00:00Z';
const end = '2026-01-05T09:00:00Z';

test.each([
  ['a new one to oneself', { member: me, start, end }, undefined, true],
  ['a new one to another', { member: another, start }, undefined, false],
  ['its end taken away', { member: me, start }, { member: me, start, end }, true],
  ['a later end', { member: me, start, end: '2026-01-05T09:00:01Z' }, { member: me, start, end }, true],
  ['an earlier start', { member: me, start: '2026-01-05T07:59:59Z', end }, { member: me, start, end }, true],
  ['an end where there was none', { member: me, start, end }, { member: me, start }, false],
  ['an earlier end', { member: me, start, end: '2026-01-05T08:30:00Z' }, { member: me, start, end }, false],
  ['no change', { member: me, start, end }, { member: me, start, end }, false],
  ['the same without an end', { member: me, start }, { member: me, start }, false],
  ['a later end for another', { member: another, start }, { member: another, start, end }, false],
])('%s', (_, grant, before, expected) => {
  expect(widensOwnGrant(me.toUpperCase(), grant, before)).toBe(expected);
});
