import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { endSessions } from './end-session.ts';
import type { Run } from './run.ts';

/** Ends every session of the caller, this one too. */
export const endAllSessions: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { principal, facts } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    Object.assign(facts, { resource: 'Principal', resourceId: principal.subject });
    return endSessions(request, principal, ports);
  },
};
