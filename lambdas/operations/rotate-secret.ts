import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { activeClient } from './own-client.ts';
import type { Run } from './run.ts';

/**
 * Gives a machine of the caller's tenant a second secret. When its audit entry cannot be written, or the caller may not do
 * this any more, the secret is not told, and taken back.
 */
export const rotateSecret: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { client: machine, caller } = await activeClient(request, ['machine'], ports);
    const { now, operation } = request;
    const { appClients, auditPut, clients, directory, log } = ports;
    const added = await appClients.addSecret(machine.client);
    if (added === undefined) throw new ApiError('conflict', { policy: 'secret.limit' });
    const audited = request.auditInTransaction(operation.status);
    try {
      const done = await directory.commit([
        directory.principalCheck({ ...caller, status: 'active' }, now),
        clients.clientCheck(machine),
        { Put: auditPut(audited.entry) },
      ]);
      if (!done) throw new ApiError('conflict', { policy: 'client.changed' });
    } catch (cause) {
      await appClients
        .removeSecret(machine.client, added.id)
        .catch(() => log.warn('compensation-failed', {}));
      throw cause;
    }
    audited.committed();
    return { status: operation.status, body: added };
  },
};
