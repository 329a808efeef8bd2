import { expect, test } from 'vitest';
import type { Chain } from '../../../lambdas/middleware/chain.ts';
import { stepUp } from '../../../lambdas/middleware/step-up.ts';
import type { ProofOwner } from '../../../lambdas/ports/step-up-proofs.ts';
import { operationNamed, passing, principalWith, runHook } from './request.ts';

const now = Date.parse('2026-11-22T10:00:00Z') / 1000;
const principal = principalWith('admin', 'identity/users.create');
const proof = 'p'.repeat(43);

/** Sends a sensitive request; the answer tells which proofs were used, and in which order with the session's check. */
const ask = async (
  proofs: readonly string[],
  { authenticatedAt = now - 301, ...change }: Partial<Chain> = {},
  good = true,
  operation = 'users.create',
) => {
  const used: (readonly [ProofOwner, string])[] = [];
  const middleware = stepUp(operationNamed(operation), {
    life: 300,
    issue: async () => proof,
    use: async (owner, given) => {
      used.push([owner, given]);
      return good;
    },
  });
  const request = passing(
    operation,
    { multiValueHeaders: { 'X-Step-Up-Proof': [...proofs] } },
    { principal, authenticatedAt, ...change },
  );
  const refusal = await runHook(middleware, 'before', request).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { refusal, used };
};
const refused = (policy: string) =>
  expect.objectContaining({
    code: 'step-up-required',
    policy,
    headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age=300' },
  });

test.each([0, 300, -5])('a sign-in %d seconds ago is recent', async (age) => {
  expect(await ask([], { authenticatedAt: now - age })).toEqual({ refusal: undefined, used: [] });
});

test.each([301, 3600, -6])('one %d seconds ago is not', async (age) => {
  expect(await ask([], { authenticatedAt: now - age })).toEqual({
    refusal: refused('step-up.missing'),
    used: [],
  });
});

test('a proof stands for it, and is used', async () => {
  expect(await ask([proof])).toEqual({ refusal: undefined, used: [[principal, proof]] });
});

test('a recent sign-in uses no proof', async () => {
  expect(await ask([proof], { authenticatedAt: now })).toEqual({ refusal: undefined, used: [] });
});

test('a proof that is not good is refused', async () => {
  expect((await ask([proof], {}, false)).refusal).toEqual(refused('step-up.proof'));
});

test.each([[['short']], [[proof, proof]], [[`${proof} `]]])(
  '%j is no proof, and not looked up',
  async (given) => {
    expect(await ask(given)).toEqual({ refusal: refused('step-up.proof'), used: [] });
  },
);

test('no proof is used in a session that is over', async () => {
  const session = Promise.reject(new Error('over'));
  session.catch(() => {});
  expect(await ask([proof], { session })).toEqual({ refusal: new Error('over'), used: [] });
});

test.each(['auth.logout', 'Patient.create'])(
  '%s, which is not sensitive, needs neither',
  async (operation) => {
    expect(await ask([], {}, true, operation)).toEqual({ refusal: undefined, used: [] });
  },
);

test.each(['principal', 'authenticatedAt'] as const)(
  'without %s a sensitive request is refused',
  async (part) => {
    const request = passing('users.create', {}, { principal, authenticatedAt: now });
    delete request.context.chain[part];
    const proofs = { life: 300, issue: async () => proof, use: async () => true };
    await expect(runHook(stepUp(operationNamed('users.create'), proofs), 'before', request)).rejects.toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    );
  },
);
