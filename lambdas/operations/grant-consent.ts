import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { activeClient, applicationKinds } from './own-client.ts';
import { consentingPerson } from './own-consent.ts';
import type { Run } from './run.ts';

/**
 * Lets an application of the caller's tenant act for the caller. A consent to less than before ends the application's sessions
 * for the caller, whose tokens say more.
 */
export const grantConsent: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const caller = consentingPerson(request, ports);
    const { tenant, subject } = caller;
    const { now, operation, facts } = request;
    const { scopes } = request.body as { readonly scopes: readonly string[] };
    const { client: app } = await activeClient(request, applicationKinds, ports);
    facts.resource = 'Consent';
    if (!scopes.every((scope) => app.scopes.includes(scope)))
      throw new ApiError('not-permitted', { policy: 'consent.scopes' });
    const { auditPut, clients, directory, sessions } = ports;
    const { client, name } = app;
    const before = await directory.consent(subject, client);
    const isLess = before?.scopes.some((scope) => !scopes.includes(scope)) ?? false;
    const audited = request.auditInTransaction(operation.status);
    const done = await directory.commit([
      directory.principalCheck({ ...caller, status: 'active' }, now),
      clients.clientCheck(app),
      clients.consentPut({ subject, client, name, scopes, grantedAt: now.toISOString() }, before),
      ...(isLess ? [sessions.endThroughUpdate(tenant, subject, client, now)] : []),
      { Put: auditPut(audited.entry) },
    ]);
    if (!done) throw new ApiError('conflict', { policy: 'consent.changed' });
    audited.committed();
    return { status: operation.status };
  },
};
