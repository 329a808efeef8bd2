import type { IdentityPorts } from '../ports/identity-ports.ts';
import { addClient, type NewClient } from './add-client.ts';
import type { Run } from './run.ts';

/** Registers an application of the caller's tenant. */
export const createApp: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { name, kind, redirectUris = [], scopes } = request.body as NewClient;
    const { client, secret } = await addClient(request, { name, kind, redirectUris, scopes }, ports);
    return { status: 201, body: { id: client, ...(kind === 'confidential' && { secret }) } };
  },
};
