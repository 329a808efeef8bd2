import { ApiError } from '../domain/api-error.ts';
import { originOf } from '../domain/client-description.ts';
import type { AccessTokens } from '../ports/access-tokens.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { ChainMiddleware } from './chain.ts';
import { headerValues } from './chain.ts';
import { checkCertificate } from './client-certificate.ts';

const bearer = /^Bearer ([A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+)$/i;
const longestToken = 8192;

/**
 * Makes a verified access token a principal, and starts the check of its session, which every authenticated request is
 * counted by. An operation before sign-in has no scope and passes.
 */
export const authenticate = (tokens: AccessTokens, sessions: SessionStore): ChainMiddleware => ({
  before: async ({ event, context: { chain } }) => {
    if (chain.operation?.scope === undefined) return;
    const [header, another] = headerValues(event, 'authorization');
    const token =
      header !== undefined && header.length <= longestToken ? bearer.exec(header)?.[1] : undefined;
    if (token === undefined || another !== undefined)
      throw new ApiError('unauthenticated', { policy: 'token.missing' });
    const verified = await tokens.verify(token, chain.now);
    chain.principal = verified.principal;
    chain.authenticatedAt = verified.authenticatedAt;
    checkCertificate(event, verified.certificate, chain.now);
    chain.session = sessions.check(verified, chain.now, originOf(chain));
    chain.session.catch(() => {});
  },
});
