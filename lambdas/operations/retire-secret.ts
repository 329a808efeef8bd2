import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { activeClient } from './own-client.ts';
import type { Run } from './run.ts';

/**
 * Retires one of the two secrets of a machine of the caller's tenant: in the directory, which lets one at a time, so that one
 * stays good, then at Cognito. At last the machine's sessions end, with every token that the secret has given. When Cognito
 * cannot follow, repeating the request does the rest.
 */
export const retireSecret: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { client: machine, caller } = await activeClient(request, ['machine'], ports);
    const { now, operation } = request;
    const { client, tenant, retiredSecret } = machine;
    const { secret = '' } = request.pathParameters;
    const { appClients, auditPut, clients, directory, sessions } = ports;
    if (secret !== retiredSecret) {
      const live = (await appClients.secrets(client)).filter(({ id }) => id !== retiredSecret);
      if (!live.some(({ id }) => id === secret))
        throw new ApiError('not-found', { policy: 'secret.unknown' });
      if (live.length < 2) throw new ApiError('conflict', { policy: 'secret.last' });
      const audited = request.auditInTransaction(operation.status);
      const done = await directory.commit([
        directory.principalCheck({ ...caller, status: 'active' }, now),
        clients.secretRetirement(machine, secret),
        { Put: auditPut(audited.entry) },
      ]);
      if (!done) throw new ApiError('conflict', { policy: 'client.changed' });
      audited.committed();
    }
    await appClients.removeSecret(client, secret);
    await directory.commit([sessions.endAllUpdate(tenant, client, new Date())]);
    return { status: operation.status };
  },
};
