import { hash } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { parameterForms } from '../../model/define/define-operation.ts';
import { type Role, roles } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import { longestTokenLife } from '../domain/judge-session.ts';
import type { Principal } from '../domain/principal.ts';
import type { ClientRegistry } from './client-registry.ts';

/** A token that was verified; times are epoch seconds. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly issuedAt: number;
  /** When the person signed in. */
  readonly authenticatedAt: number;
  readonly expiresAt: number;
  /** The thumbprint of the certificate without which its client's tokens are refused (RFC 8705 §3). */
  readonly certificate?: string;
}

/** Verifies access tokens. */
export interface AccessTokens {
  /** @throws ApiError `unauthenticated` for whatever is wrong with the token. */
  readonly verify: (token: string, now: Date) => Promise<VerifiedToken>;
}

/** Seconds by which the issuer's clock may be ahead of ours. */
const clockSkew = 5;
const rememberedTokens = 500;

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

/** Whose token it is: a person's of one sign-in, or a machine's, which has no sign-in but the token itself. */
const holderOf = (claims: JWTPayload, role: Role, client: string): Pick<Principal, 'subject' | 'session'> => {
  if (role !== 'system')
    return {
      subject: claim(claims.sub, parameterForms.uuid),
      session: claim(claims.origin_jti, parameterForms.uuid),
    };
  if (claims.sub !== client) refuse();
  return {
    subject: claim(claims.sub, parameterForms.client),
    session: claim(claims.jti, parameterForms.uuid),
  };
};

const verifiedToken = (claims: JWTPayload, now: number): VerifiedToken => {
  if (claims.token_use !== 'access') refuse();
  const client = claim(claims.client_id, /^[A-Za-z0-9_+-]{1,128}$/);
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
      ...holderOf(claims, role, client),
      tenant: claim(claims.tenant, /^[a-z0-9]{12}$/),
      role,
      roleVersion: Number(claim(claims.role_version, /^[1-9][0-9]{0,8}$/)),
      scopes: new Set(claim(claims.scope, /^[\x21-\x7e]+( [\x21-\x7e]+)*$/).split(' ')),
      client,
      ...patientClaim(claims.patient, role),
    },
  };
};

/**
 * Verifies a user pool's access tokens: issuer, use, algorithm, times, signature, our own claims and client (requirements
 * B2, B5). What a token says is remembered by its hash until it expires; whether its client is accepted is asked each time.
 */
export const accessTokens = (options: {
  readonly issuer: string;
  readonly clients: ClientRegistry;
  readonly keys: JWTVerifyGetKey;
}): AccessTokens => {
  const remembered = new Map<string, VerifiedToken>();
  const remember = (digest: string, token: VerifiedToken): VerifiedToken => {
    const oldest = remembered.size >= rememberedTokens ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(digest, token);
    return token;
  };
  const contentOf = async (token: string, now: Date): Promise<VerifiedToken> => {
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
      return remember(digest, verifiedToken(payload, time));
    } catch (error) {
      if (error instanceof errors.JOSEError)
        throw new ApiError('unauthenticated', { policy: 'token.invalid', cause: error });
      throw error;
    }
  };
  return {
    verify: async (token, now) => {
      const verified = await contentOf(token, now);
      const client = await options.clients.accept(verified.principal, now);
      return {
        ...verified,
        ...(client?.certificate !== undefined && { certificate: client.certificate }),
      };
    },
  };
};
