import { hash } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Role, roles } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import { longestTokenLife } from '../domain/judge-session.ts';
import type { Principal } from '../domain/principal.ts';

/** A token that was verified; times are epoch seconds. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly issuedAt: number;
  /** When the person signed in. */
  readonly authenticatedAt: number;
  readonly expiresAt: number;
}

/** Verifies access tokens. */
export interface AccessTokens {
  /** @throws ApiError `unauthenticated` for whatever is wrong with the token. */
  readonly verify: (token: string, now: Date) => Promise<VerifiedToken>;
}

/** Seconds by which the issuer's clock may be ahead of ours. */
const clockSkew = 5;
const rememberedTokens = 500;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const refuse = (): never => {
  throw new ApiError('unauthenticated', { policy: 'token.invalid' });
};
const claim = (value: unknown, form: RegExp): string =>
  typeof value === 'string' && form.test(value) ? value : refuse();
const seconds = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : refuse());

const patientClaim = (value: unknown, role: Role): { patient?: string } => {
  if (role === 'patient') return { patient: claim(value, /^[0-9A-HJKMNP-TV-Z]{26}$/) };
  return value === undefined ? {} : refuse();
};

const verifiedToken = (claims: JWTPayload, clients: ReadonlySet<string>, now: number): VerifiedToken => {
  if (claims.token_use !== 'access') refuse();
  const client = claim(claims.client_id, /^[A-Za-z0-9_+-]{1,128}$/);
  if (!clients.has(client)) refuse();
  const issuedAt = seconds(claims.iat);
  const expiresAt = seconds(claims.exp);
  if (issuedAt > now + clockSkew || now - issuedAt > longestTokenLife) refuse();
  if (expiresAt <= now || expiresAt - issuedAt > longestTokenLife) refuse();
  const role = roles.find((known) => known === claims.role) ?? refuse();
  return {
    issuedAt,
    expiresAt,
    authenticatedAt: seconds(claims.auth_time),
    principal: {
      subject: claim(claims.sub, uuid),
      tenant: claim(claims.tenant, /^[a-z0-9]{12}$/),
      role,
      roleVersion: Number(claim(claims.role_version, /^[1-9][0-9]{0,8}$/)),
      scopes: new Set(claim(claims.scope, /^[\x21-\x7e]+( [\x21-\x7e]+)*$/).split(' ')),
      session: claim(claims.origin_jti, uuid),
      client,
      ...patientClaim(claims.patient, role),
    },
  };
};

/**
 * Verifies a user pool's access tokens: issuer, client, use, algorithm, times, signature and our own claims (requirements
 * B2, B5). A verified token is remembered by its hash until it expires.
 */
export const accessTokens = (options: {
  readonly issuer: string;
  readonly clients: ReadonlySet<string>;
  readonly keys: JWTVerifyGetKey;
}): AccessTokens => {
  const remembered = new Map<string, VerifiedToken>();
  const remember = (digest: string, token: VerifiedToken): VerifiedToken => {
    const oldest = remembered.size >= rememberedTokens ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(digest, token);
    return token;
  };
  return {
    verify: async (token, now) => {
      const time = Math.floor(now.getTime() / 1000);
      const digest = hash('sha256', token, 'base64');
      const known = remembered.get(digest);
      if (known) return known.expiresAt > time ? known : refuse();
      try {
        const { payload } = await jwtVerify(token, options.keys, {
          issuer: options.issuer,
          algorithms: ['RS256'],
          currentDate: now,
        });
        return remember(digest, verifiedToken(payload, options.clients, time));
      } catch (error) {
        if (error instanceof errors.JOSEError)
          throw new ApiError('unauthenticated', { policy: 'token.invalid', cause: error });
        throw error;
      }
    },
  };
};
