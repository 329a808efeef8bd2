import { ApiError } from '../domain/api-error.ts';
import { originOf } from '../domain/client-description.ts';
import type { Factor } from '../domain/directory-entry.ts';
import type { Passkey } from '../domain/passkey.ts';
import type { Principal } from '../domain/principal.ts';
import type { VerifiedToken } from '../ports/access-tokens.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { SessionKey } from '../ports/session-store.ts';
import type { IssuedTokens, PendingChallenge } from '../ports/sign-in-client.ts';
import {
  type CognitoChallenge,
  newHandle,
  type PasskeyChallenge,
  type RefreshOwner,
  type SignInOwner,
} from '../ports/sign-in-store.ts';
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

/** What is known of a sign-in or step-up before its next answer. */
export interface BegunSignIn extends Pick<CognitoChallenge, 'account' | 'begunAt' | 'within'> {
  readonly pending: PendingChallenge;
  readonly owner: SignInOwner;
}

/** Asks for the next answer of a sign-in or step-up; for TOTP enrolment with the secret of the new device. */
export const challengeAnswer = async (
  request: OperationRequest,
  { pending, owner, account, begunAt, within }: BegunSignIn,
  { signIn, signIns }: IdentityPorts,
): Promise<OperationResult> => {
  const enrolment = pending.challenge === 'MFA_SETUP' ? await signIn.associate(pending.session) : undefined;
  const session = await signIns.saveChallenge(
    {
      ...owner,
      ...pending,
      account,
      begunAt,
      ...(within && { within }),
      ...(enrolment && { session: enrolment.session }),
    },
    request.now,
  );
  request.facts.type = 'AUTHENTICATION_CHALLENGED';
  request.facts.mfa = 'none';
  return {
    status: 200,
    body: { challenge: pending.challenge, session, ...(enrolment && { secret: enrolment.secret }) },
  };
};

/** Asks for the use of a passkey: at a sign-in of any, at a step-up of one of the person's. */
export const passkeyChallengeAnswer = async (
  request: OperationRequest,
  { within, passkeys }: Pick<PasskeyChallenge, 'within'> & { readonly passkeys?: readonly Passkey[] },
  { relyingParty, signIns }: IdentityPorts,
): Promise<OperationResult> => {
  const nonce = newHandle();
  const session = await signIns.saveChallenge(
    { challenge: 'PASSKEY', nonce, ...(within && { within }) },
    request.now,
  );
  request.facts.mfa = 'none';
  return {
    status: 200,
    body: { challenge: 'PASSKEY', session, options: relyingParty.requestOptions(nonce, passkeys) },
  };
};

/**
 * Gives the proof of a step-up, for the session in which it was asked for; one by passkey also makes the session
 * passkey-backed, so that its next tokens have administrative scopes (requirements B1, B9).
 */
export const steppedUpAnswer = async (
  request: OperationRequest,
  { within, factor }: { readonly within: SessionKey; readonly factor: Factor },
  { client, proofs, sessions }: IdentityPorts,
): Promise<OperationResult> => {
  nameOwner(request, within);
  Object.assign(request.facts, { session: within.session, client, mfa: factor });
  await sessions.checkContinued(within, request.now, originOf(request));
  if (factor !== 'totp') await sessions.elevate(within, factor, request.now);
  return { status: 200, body: { proof: await proofs.issue(within, request.now), expiresIn: proofs.life } };
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
  {
    tokens,
    owner,
    factor,
    enrolment,
  }: {
    readonly tokens: IssuedTokens;
    readonly owner: SignInOwner;
    readonly factor: Factor;
    readonly enrolment: string;
  },
  ports: IdentityPorts,
): Promise<OperationResult> => {
  const now = new Date();
  const verified = await ports.tokens.verify(tokens.accessToken, now);
  const { principal } = verified;
  if (principal.subject !== owner.subject || principal.client !== ports.client || !tokens.refreshToken)
    throw new ApiError('invalid-challenge');
  namePrincipal(request, principal);
  request.facts.mfa = factor;
  const beginning = { at: now, factor, enrolment };
  const expiresAt = await ports.sessions.start(principal, beginning, now, originOf(request));
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
  return tokensAnswer(tokens, verified, handle);
};
