import { expect, test } from 'vitest';
import { environmentOf } from '../../../lambdas/ports/environment.ts';

test('a function is given the variables that it names, and no others', () => {
  const variables = { ISSUER: 'issuer', AUDIT_TABLE: 'audit', OTHER: 'other' };
  expect(environmentOf(variables, ['ISSUER', 'AUDIT_TABLE'])).toEqual({
    ISSUER: 'issuer',
    AUDIT_TABLE: 'audit',
  });
});

test('a function that lacks variables does not start, and says which', () => {
  const variables = { ISSUER: '', AUDIT_TABLE: 'audit' };
  expect(() => environmentOf(variables, ['ISSUER', 'AUDIT_TABLE', 'CLIENT_IDS'])).toThrow(
    new TypeError('the function lacks the variables ISSUER, CLIENT_IDS'),
  );
});
