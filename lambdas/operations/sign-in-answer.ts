import { ApiError } from '../domain/api-error.ts';
import { originOf } from '../domain/client-description.ts';
import type { Principal } from '../domain/principal.ts';
import type { VerifiedToken } from '../ports/access-tokens.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { IssuedTokens, PendingChallenge } from '../ports/sign-in-client.ts';
import { newHandle, type RefreshOwner, type SignInOwner } from '../ports/sign-in-store.ts';
import type { OperationRequest, OperationResult } from './run.ts';

/** Says in the audit entry whose sign-in it is. */
export const nameOwner = ({ facts }: OperationRequest, { subject, tenant, role }: SignInOwner): void => {
  Object.assign(facts, { actor: subject, tenant, role });
};

/** Says in the audit entry which session a token belongs to. */
export const namePrincipal = (request: OperationRequest, principal: Principal): void => {
  nameOwner(request, principal);
  Object.assign(request.facts, { session: principal.session, client: principal.client });
};

/** Asks for the next answer of a sign-in; for TOTP enrolment with the secret of the new device. */
export const challengeAnswer = async (
  request: OperationRequest,
  { pending, owner, account }: { pending: PendingChallenge; owner: SignInOwner; account: string },
  { signIn, signIns }: IdentityPorts,
): Promise<OperationResult> => {
  const enrolment = pending.challenge === 'MFA_SETUP' ? await signIn.associate(pending.session) : undefined;
  const session = await signIns.saveChallenge(
    { ...owner, ...pending, account, ...(enrolment && { session: enrolment.session }) },
    request.now,
  );
  request.facts.type = 'AUTHENTICATION_CHALLENGED';
  return {
    status: 200,
    body: { challenge: pending.challenge, session, ...(enrolment && { secret: enrolment.secret }) },
  };
};

/** Tokens as the caller gets them. */
export const tokensAnswer = (
  { accessToken }: IssuedTokens,
  { principal, issuedAt, expiresAt }: VerifiedToken,
  refreshToken: string,
): OperationResult => ({
  status: 200,
  body: {
    accessToken,
    tokenType: 'Bearer',
    expiresIn: expiresAt - issuedAt,
    refreshToken,
    scope: [...principal.scopes].sort().join(' '),
  },
});

/** Starts the session of a finished sign-in and gives its tokens; Cognito's refresh token is sealed and stays. */
export const signedInAnswer = async (
  request: OperationRequest,
  { tokens, owner, account }: { tokens: IssuedTokens; owner: SignInOwner; account: string },
  ports: IdentityPorts,
): Promise<OperationResult> => {
  const now = new Date();
  const verified = await ports.tokens.verify(tokens.accessToken, now);
  const { principal } = verified;
  if (principal.subject !== owner.subject || principal.client !== ports.client || !tokens.refreshToken)
    throw new ApiError('invalid-challenge');
  namePrincipal(request, principal);
  request.facts.mfa = 'totp';
  const factor = 'totp';
  const expiresAt = await ports.sessions.start(principal, { at: now, factor }, now, originOf(request));
  const continued: RefreshOwner = {
    subject: principal.subject,
    tenant: principal.tenant,
    role: principal.role,
    roleVersion: principal.roleVersion,
    session: principal.session,
    expiresAt,
  };
  const handle = newHandle();
  await ports.signIns.saveToken(principal.session, tokens.refreshToken, expiresAt);
  await ports.signIns.saveHandle(handle, continued);
  await ports.signIns.forgetAttempts(account);
  return tokensAnswer(tokens, verified, handle);
};
