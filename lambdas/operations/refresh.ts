import { ApiError } from '../domain/api-error.ts';
import { originOf } from '../domain/client-description.ts';
import type { Factor } from '../domain/directory-entry.ts';
import type { VerifiedToken } from '../ports/access-tokens.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { IssuedTokens } from '../ports/sign-in-client.ts';
import type { RefreshOwner } from '../ports/sign-in-store.ts';
import { endSession } from './end-session.ts';
import type { OperationRequest, Run } from './run.ts';
import { nameOwner, namePrincipal, tokensAnswer } from './sign-in-answer.ts';

/** Gets a new access token, which must be of the same session and role version. */
const renewed = async (
  owner: RefreshOwner,
  factor: Factor,
  { evidence, signIn, signIns, tokens }: IdentityPorts,
): Promise<{ issued: IssuedTokens; verified: VerifiedToken } | undefined> => {
  const refreshToken = await signIns.token(owner.session);
  if (refreshToken === undefined) return undefined;
  const { subject } = owner;
  const issued = await signIn.refresh(refreshToken, await evidence.record({ subject, factor }, new Date()));
  if (issued === undefined) return undefined;
  const verified = await tokens.verify(issued.accessToken, new Date());
  const { principal } = verified;
  const isSame =
    principal.subject === owner.subject &&
    principal.session === owner.session &&
    principal.tenant === owner.tenant &&
    principal.roleVersion === owner.roleVersion;
  return isSame ? { issued, verified } : undefined;
};

const refuseReuse = async (
  request: OperationRequest,
  owner: RefreshOwner,
  ports: IdentityPorts,
): Promise<never> => {
  await endSession(owner, request.now, ports);
  throw new ApiError('unauthenticated', { event: 'TOKEN_REVOKED', policy: 'refresh.reuse' });
};

/**
 * Continues a session and replaces the refresh handle. The new handle derives from the old one under a secret, so that a
 * retry by the same client within ten seconds gets the same handle, with a fresh access token; any other reuse ends the
 * session (requirement B3). The handle counts as used only when the new tokens are there, so that a refusal of the rate or a
 * failed service leaves it good. Continuing is no activity: it does not prolong the idle limit.
 */
export const refresh: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { refreshToken: handle } = request.body as { readonly refreshToken: string };
    const successor = await ports.signIn.digest('refresh', handle);
    const client = await ports.signIn.digest('client', `${request.sourceAddress}\n${request.userAgent}`);
    const use = { successor, client, now: request.now };
    const known = await ports.signIns.judgeHandle(handle, use);
    if (known.verdict === 'unknown') throw new ApiError('unauthenticated', { policy: 'refresh.unknown' });
    const { owner } = known;
    nameOwner(request, owner);
    request.facts.session = owner.session;
    if (known.verdict === 'reuse') return refuseReuse(request, owner, ports);
    const { factor } = await ports.sessions.checkContinued(owner, request.now, originOf(request));
    request.facts.mfa = factor;
    const tokens = await renewed(owner, factor, ports);
    if (tokens === undefined) {
      await endSession(owner, request.now, ports);
      throw new ApiError('unauthenticated', { policy: 'refresh.refused' });
    }
    namePrincipal(request, tokens.verified.principal);
    if (tokens.issued.refreshToken !== undefined)
      await ports.signIns.saveToken(owner.session, tokens.issued.refreshToken, owner.expiresAt);
    const { verdict } = await ports.signIns.useHandle(handle, use);
    if (verdict === 'reuse' || verdict === 'unknown') return refuseReuse(request, owner, ports);
    await ports.signIns.saveHandle(successor, owner);
    return tokensAnswer(tokens.issued, tokens.verified, successor);
  },
};
