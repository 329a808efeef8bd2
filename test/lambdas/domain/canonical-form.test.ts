import { expect, test } from 'vitest';
import { canonicalForm } from '../../../lambdas/domain/canonical-form.ts';

test('equal values have equal texts, whatever the order of their members (RFC 8785)', () => {
  expect(canonicalForm({ b: [1e2, 'é'], a: { d: null, c: true } })).toBe(
    '{"a":{"c":true,"d":null},"b":[100,"é"]}',
  );
});

test.each([
  ['undefined', undefined],
  ['a function', () => 1],
  ['not a number', Number.NaN],
  ['infinite', Number.POSITIVE_INFINITY],
  ['ill-formed Unicode', '\ud800'],
])('refuses what is not JSON: %s', (_, value) => {
  expect(() => canonicalForm(value)).toThrow(TypeError);
});

test('says what was wrong with it, to a debugger', () => {
  expect(() => canonicalForm('\ud800')).toThrow(expect.objectContaining({ cause: expect.any(Error) }));
});
