import { ApiError } from './api-error.ts';

const networkCodes = /^(E[A-Z]+|ERR_JWKS_TIMEOUT|UND_ERR_[A-Z_]+)$/;
const networkNames = new Set(['TimeoutError', 'AbortError', 'RequestTimeout', 'CredentialsProviderError']);

const isDependencyFailure = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, $metadata } = error as { code?: unknown; $metadata?: unknown };
  if ($metadata !== undefined || networkNames.has(error.name)) return true;
  return typeof code === 'string' && networkCodes.test(code);
};

/**
 * What the caller learns of any error: itself when it is from the catalogue, `unavailable` when a service or the network
 * failed, `internal` otherwise. The original stays in `cause`, which is never logged and never answered.
 */
export const asApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  return new ApiError(isDependencyFailure(error) ? 'unavailable' : 'internal', { cause: error });
};
