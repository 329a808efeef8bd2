import { ApiError } from '../domain/api-error.ts';

/** Runs calls to a service; whatever fails there is `unavailable` to the caller, and nothing is disclosed or changed. */
export const orUnavailable = async <T>(calls: () => Promise<T>): Promise<T> => {
  try {
    return await calls();
  } catch (cause) {
    throw cause instanceof ApiError ? cause : new ApiError('unavailable', { cause });
  }
};
