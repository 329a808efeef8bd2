import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { revokeSession } from './end-session.ts';
import type { Run } from './run.ts';

/** Ends one of the caller's sessions; someone else's is like one that never was. */
export const endOneSession: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async ({ principal, pathParameters, facts, now }, _fetched, ports) => {
    if (principal === undefined) throw new ApiError('unauthenticated');
    const { id: session = '' } = pathParameters;
    const { tenant, subject } = principal;
    Object.assign(facts, { resource: 'Session', resourceId: session });
    const isOwn = await ports.sessions.end({ tenant, subject, session }, now);
    if (!isOwn) throw new ApiError('not-found', { policy: 'session.own' });
    await revokeSession(session, ports);
    return { status: 204 };
  },
};
