import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { ApiError } from '../domain/api-error.ts';

/** Where the user pool's signing keys are; a local emulator serves them under its own address. */
export const tokenKeysUrl = (issuer: string, endpoint?: string): URL =>
  new URL(
    `${endpoint === undefined ? issuer : `${endpoint}${new URL(issuer).pathname}`}/.well-known/jwks.json`,
  );

const isAboutTheToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

/**
 * The user pool's signing keys: fetched once an hour, and for an unknown key id at most every 30 seconds, whatever tokens
 * are sent.
 * @returns a source of keys that throws `unavailable` when they cannot be fetched.
 */
export const tokenKeys = (url: URL): JWTVerifyGetKey => {
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: 2000,
    cooldownDuration: 30_000,
    cacheMaxAge: 3_600_000,
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      throw isAboutTheToken(cause) ? cause : new ApiError('unavailable', { cause });
    }
  };
};
