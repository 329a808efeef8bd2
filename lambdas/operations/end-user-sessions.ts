import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { endSessions } from './end-session.ts';
import type { Run } from './run.ts';

/** Ends every session of a person of the caller's tenant; nobody else's can be told from nobody's. */
export const endUserSessions: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { principal, facts, now, pathParameters } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    const { id: subject = '' } = pathParameters;
    Object.assign(facts, { resource: 'Principal', resourceId: subject });
    const person = await ports.directory.principal(subject);
    if (person?.tenant !== principal.tenant) throw new ApiError('not-found', { policy: 'person.tenant' });
    const caller = { ...principal, status: 'active' } as const;
    return endSessions(request, person, ports, ports.directory.principalCheck(caller, now));
  },
};
