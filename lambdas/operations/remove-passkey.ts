import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { demandPasskeySession } from './passkey-session.ts';
import type { Run } from './run.ts';
import { throughFacade } from './through-facade.ts';

/** Removes a passkey of the caller, with its audit entry; it opens nothing any more. */
export const removePasskey: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const principal = throughFacade(request, ports);
    const { id = '' } = request.pathParameters;
    const passkey = await ports.passkeys.find(principal.subject, id);
    if (passkey === undefined) throw new ApiError('not-found', { policy: 'passkeys.own' });
    Object.assign(request.facts, { resource: 'Passkey', resourceId: passkey.id });
    await demandPasskeySession(request, principal, ports);
    const audited = request.auditInTransaction(204);
    const done = await ports.directory.commit([
      ports.passkeys.removal(principal.subject, passkey.id),
      { Put: ports.auditPut(audited.entry) },
    ]);
    if (!done) throw new ApiError('not-found', { policy: 'passkeys.own' });
    audited.committed();
    return { status: 204 };
  },
};
