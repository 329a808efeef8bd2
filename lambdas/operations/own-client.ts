import { ApiError } from '../domain/api-error.ts';
import type { ClientKind, DirectoryClient } from '../domain/directory-entry.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest } from './run.ts';

/** The kinds of clients that people sign in to. */
export const applicationKinds: readonly ClientKind[] = ['public', 'confidential'];

/**
 * The client that a request is about, if it is one of these kinds and of the caller's tenant; nobody else's can be told from
 * none.
 * @throws ApiError `not-found` otherwise.
 */
export const ownClient = async (
  { principal, facts, pathParameters }: OperationRequest,
  kinds: readonly ClientKind[],
  { directory }: Pick<IdentityPorts, 'directory'>,
): Promise<DirectoryClient> => {
  if (principal === undefined) throw new ApiError('unauthenticated');
  const { client: id = '' } = pathParameters;
  Object.assign(facts, { resource: 'Client', resourceId: id });
  const client = await directory.client(id);
  if (client?.tenant !== principal.tenant || !kinds.includes(client.kind))
    throw new ApiError('not-found', { policy: 'client.tenant' });
  return client;
};

/** Likewise, if it has not been removed. */
export const activeClient = async (
  ...[request, kinds, ports]: Parameters<typeof ownClient>
): Promise<DirectoryClient> => {
  const client = await ownClient(request, kinds, ports);
  if (client.status !== 'active') throw new ApiError('not-found', { policy: 'client.removed' });
  return client;
};
