import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { revokeToken } from './end-session.ts';
import type { Run } from './run.ts';
import { challengeAnswer, nameOwner } from './sign-in-answer.ts';

interface Login {
  readonly email: string;
  readonly password: string;
}

/**
 * Starts a sign-in. Whatever is wrong, the answer is the same, so that it does not tell who has an account; a right password
 * alone never gives tokens. The trail tells which account was tried, by what stands for its address, whether or not it exists.
 */
export const login: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { email: given, password } = request.body as Login;
    const email = given.toLowerCase();
    request.facts.mfa = 'none';
    const account = await ports.signIn.digest('account', email);
    Object.assign(request.facts, { resource: 'Account', resourceId: account });
    await ports.signIns.countAttempt(account, request.now);
    const step = await ports.signIn.start(email, password);
    if ('tokens' in step) await revokeToken(step.tokens.refreshToken, ports);
    if (!('pending' in step)) throw new ApiError('invalid-credentials');
    const subject = await ports.accounts.subjectOf(step.pending.username);
    const owner = await ports.directory.principal(subject);
    if (owner?.status !== 'active') throw new ApiError('invalid-credentials');
    nameOwner(request, owner);
    await ports.signIns.forgiveAttempt(account);
    const { tenant, role } = owner;
    return challengeAnswer(
      request,
      { pending: step.pending, owner: { subject, tenant, role }, account, begunAt: request.now.getTime() },
      ports,
    );
  },
};
