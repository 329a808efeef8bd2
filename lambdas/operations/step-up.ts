import { ApiError } from '../domain/api-error.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { revokeToken } from './end-session.ts';
import { ownFactors } from './own-factors.ts';
import { demandNoPasskey } from './passkey-session.ts';
import type { OperationRequest, OperationResult, Run } from './run.ts';
import { challengeAnswer, passkeyChallengeAnswer } from './sign-in-answer.ts';
import { sessionOf, throughFacade } from './through-facade.ts';

/**
 * Asks for a TOTP code when the password is right, under the same count of failures as a sign-in. Not of someone who has a
 * passkey: password and code can be phished, and must not open what a passkey protects.
 */
const byPassword = async (
  request: OperationRequest,
  principal: Principal,
  password: string,
  ports: IdentityPorts,
): Promise<OperationResult> => {
  await demandNoPasskey(principal.subject, ports);
  const email = await ports.accounts.emailOf(principal.subject);
  if (email === undefined) throw new ApiError('invalid-credentials');
  const account = await ports.signIn.digest('account', email.toLowerCase());
  await ports.signIns.countAttempt(account, request.now);
  const step = await ports.signIn.start(email, password);
  if ('tokens' in step) await revokeToken(step.tokens.refreshToken, ports);
  if (!('pending' in step) || step.pending.challenge !== 'SOFTWARE_TOKEN_MFA')
    throw new ApiError('invalid-credentials');
  await ports.signIns.forgiveAttempt(account);
  const owner = { subject: principal.subject, tenant: principal.tenant, role: principal.role };
  const within = sessionOf(principal);
  const begunAt = request.now.getTime();
  return challengeAnswer(request, { pending: step.pending, owner, account, begunAt, within }, ports);
};

/** Starts a step-up in the caller's session: with one of their passkeys, or with password and TOTP code (RFC 9470). */
export const stepUp: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const principal = throughFacade(request, ports);
    const { password } = request.body as { readonly password?: string };
    if (password !== undefined) return byPassword(request, principal, password, ports);
    const { passkeys } = await ownFactors(principal.subject, ports);
    return passkeyChallengeAnswer(request, { within: sessionOf(principal), passkeys }, ports);
  },
};
