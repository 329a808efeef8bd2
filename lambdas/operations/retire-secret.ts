import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { activeClient } from './own-client.ts';
import type { Run } from './run.ts';

/** Retires one of the two secrets of a machine of the caller's tenant. */
export const retireSecret: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { client } = await activeClient(request, ['machine'], ports);
    const { secret = '' } = request.pathParameters;
    const live = await ports.appClients.secrets(client);
    if (!live.some(({ id }) => id === secret)) throw new ApiError('not-found', { policy: 'secret.unknown' });
    if (live.length < 2) throw new ApiError('conflict', { policy: 'secret.last' });
    await ports.appClients.removeSecret(client, secret);
    return { status: 204 };
  },
};
