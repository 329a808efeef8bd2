import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
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

/** Milliseconds for which nothing is fetched after it was in vain. */
const pause = 5000;

/**
 * The user pool's signing keys: fetched once an hour, for an unknown key id at most every 30 seconds, and when that was in
 * vain at most every five, whatever tokens are sent.
 * @returns a source of keys that throws `unavailable` when they cannot be fetched.
 */
export const tokenKeys = (url: URL): JWTVerifyGetKey => {
  let failedAt = Number.NEGATIVE_INFINITY;
  const isPausing = (): boolean => Date.now() - failedAt < pause;
  const keys = createRemoteJWKSet(url, {
    [customFetch]: (...given) =>
      isPausing() ? Promise.reject(new Error('the keys were fetched in vain just now')) : fetch(...given),
    timeoutDuration: 2000,
    cooldownDuration: 30_000,
    cacheMaxAge: 3_600_000,
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (isAboutTheToken(cause)) throw cause;
      if (!isPausing()) failedAt = Date.now();
      throw new ApiError('unavailable', { cause });
    }
  };
};
