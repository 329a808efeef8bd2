import { ApiError } from '../domain/api-error.ts';
import type { ClientList, ListedClient } from '../ports/client-directory.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { cursorBehind, pageAsked } from './page.ts';
import type { Run } from './run.ts';

/** A registered client as administrators see it. */
export const clientView = ({
  client,
  kind,
  name,
  redirectUris,
  scopes,
  certificate,
  createdAt,
}: ListedClient) => ({
  id: client,
  name,
  ...(kind !== 'machine' && { kind, redirectUris }),
  scopes,
  ...(certificate !== undefined && { certificate }),
  createdAt,
});

const listClients = (list: ClientList): Run<IdentityPorts, undefined> => ({
  fetch: async () => undefined,
  complete: async (request, _fetched, { clients, signIn }) => {
    const { principal } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    const { after, limit } = await pageAsked(request, signIn);
    const found = await clients.clients(principal.tenant, list, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      status: 200,
      body: {
        items: page.map(clientView),
        ...(last && { cursor: await cursorBehind(request, last.client, signIn) }),
      },
    };
  },
});

/** Lists the applications of the caller's tenant. */
export const listApps = listClients('applications');
/** Lists the machines of the caller's tenant. */
export const listMachines = listClients('machines');
