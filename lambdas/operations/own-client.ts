import { ApiError } from '../domain/api-error.ts';
import type { ClientKind, DirectoryClient } from '../domain/directory-entry.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest } from './run.ts';

/** The kinds of clients that people sign in to. */
export const applicationKinds: readonly ClientKind[] = ['public', 'confidential'];

/** A client that a request is about, and who asks. */
export interface OwnClient {
  readonly client: DirectoryClient;
  readonly caller: Principal;
}

/**
 * The client that a request is about, if it is one of these kinds and of the caller's tenant; nobody else's can be told from
 * none.
 * @throws ApiError `not-found` otherwise.
 */
export const ownClient = async (
  { principal: caller, facts, pathParameters }: OperationRequest,
  kinds: readonly ClientKind[],
  { directory }: Pick<IdentityPorts, 'directory'>,
): Promise<OwnClient> => {
  if (caller === undefined) throw new ApiError('unauthenticated');
  const { client: id = '' } = pathParameters;
  Object.assign(facts, { resource: 'Client', resourceId: id });
  const client = await directory.client(id);
  if (client?.tenant !== caller.tenant || !kinds.includes(client.kind))
    throw new ApiError('not-found', { policy: 'client.tenant' });
  return { client, caller };
};

/** Likewise, if it has not been removed. */
export const activeClient = async (
  ...[request, kinds, ports]: Parameters<typeof ownClient>
): Promise<OwnClient> => {
  const own = await ownClient(request, kinds, ports);
  if (own.client.status !== 'active') throw new ApiError('not-found', { policy: 'client.removed' });
  return own;
};
