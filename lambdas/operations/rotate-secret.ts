import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { activeClient } from './own-client.ts';
import type { Run } from './run.ts';

/**
 * Gives a machine of the caller's tenant a second secret. When its audit entry cannot be written the secret is not told, and
 * an administrator can retire it by its id.
 */
export const rotateSecret: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { client } = await activeClient(request, ['machine'], ports);
    const added = await ports.appClients.addSecret(client);
    if (added === undefined) throw new ApiError('conflict', { policy: 'secret.limit' });
    return { status: 201, body: added };
  },
};
