import { expect, test } from 'vitest';
import { isRecent, stepUpLife } from '../../../lambdas/domain/step-up.ts';

test.each([
  [undefined, 300],
  ['60', 60],
  ['301', 300],
])('a configured %s gives %d seconds', (configured, life) => {
  expect(stepUpLife({ STEP_UP_SECONDS: configured })).toBe(life);
});

test.each(['0', '-1', '1.5', 'long', ''])('%j is no life', (configured) => {
  expect(() => stepUpLife({ STEP_UP_SECONDS: configured })).toThrow(TypeError);
});

test.each([
  [100, 100, true],
  [100, 160, true],
  [100, 161, false],
  [105, 100, true],
  [106, 100, false],
])('at %d, seen at %d, it is recent for a minute: %s', (authenticatedAt, now, expected) => {
  expect(isRecent(authenticatedAt, now, 60)).toBe(expected);
});
