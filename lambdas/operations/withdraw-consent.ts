import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { consentingPerson } from './own-consent.ts';
import type { Run } from './run.ts';

/**
 * Takes a consent of the caller back, and ends the application's sessions for the caller in the same transaction. The
 * application's refresh tokens are good for nothing from then on: the token trigger looks for the consent each time.
 */
export const withdrawConsent: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { tenant, subject } = consentingPerson(request, ports);
    const { client = '' } = request.pathParameters;
    const { auditPut, clients, directory, sessions } = ports;
    if ((await directory.consent(subject, client)) === undefined)
      throw new ApiError('not-found', { policy: 'consent.unknown' });
    const audited = request.auditInTransaction(request.operation.status);
    const done = await directory.commit([
      clients.consentDelete({ subject, client }),
      sessions.endThroughUpdate(tenant, subject, client, request.now),
      { Put: auditPut(audited.entry) },
    ]);
    if (!done) throw new ApiError('conflict', { policy: 'consent.changed' });
    audited.committed();
    return { status: request.operation.status };
  },
};
