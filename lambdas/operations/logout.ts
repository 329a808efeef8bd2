import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { endSession } from './end-session.ts';
import type { Run } from './run.ts';

/** Ends the caller's session at once, for every token of it (requirement B4). */
export const logout: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async ({ principal, now }, _fetched, ports) => {
    if (principal === undefined) throw new ApiError('unauthenticated');
    await endSession(principal, now, ports);
    return { status: 204 };
  },
};
