import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import { authenticate } from '../../../lambdas/middleware/authenticate.ts';
import type { VerifiedToken } from '../../../lambdas/ports/access-tokens.ts';
import type { SessionStore } from '../../../lambdas/ports/session-store.ts';
import { passing, principalWith, runHook } from './request.ts';

const verified: VerifiedToken = {
  principal: principalWith('provider'),
  issuedAt: 0,
  authenticatedAt: 0,
  expiresAt: 900,
};
const ask = async (values: readonly string[], operation: string | undefined = 'Patient.read') => {
  const seen: string[] = [];
  const tokens = {
    verify: async (token: string) => {
      seen.push(token);
      return verified;
    },
  };
  const sessions = { check: async () => Promise.reject(new ApiError('unauthenticated')) };
  const request = passing(operation, { multiValueHeaders: { Authorization: [...values] } });
  const middleware = authenticate(tokens, sessions as unknown as SessionStore);
  const chain = await runHook(middleware, 'before', request);
  return { chain, seen };
};
const refused = expect.objectContaining({ code: 'unauthenticated' });

test('a bearer token makes a principal, and starts the check of its session', async () => {
  const { chain, seen } = await ask(['Bearer a.b.c']);
  expect(seen).toEqual(['a.b.c']);
  expect(chain.principal).toBe(verified.principal);
  await expect(chain.session).rejects.toThrow(refused);
});

test.each([
  ['no header', []],
  ['another scheme', ['Basic a.b.c']],
  ['two parts', ['Bearer a.b']],
  ['four parts', ['Bearer a.b.c.d']],
  ['two headers', ['Bearer a.b.c', 'Bearer a.b.c']],
  ['more than 8 KB', [`Bearer a.b.${'c'.repeat(8192)}`]],
])('%s is no token', async (_name, values) => {
  await expect(ask(values)).rejects.toThrow(refused);
});

test('what comes before signing in needs none, and no token is looked at', async () => {
  const { chain, seen } = await ask(['Bearer a.b.c'], 'auth.login');
  expect([chain.principal, seen]).toEqual([undefined, []]);
});
