import { ApiError } from '../domain/api-error.ts';
import type { DirectoryClient } from '../domain/directory-entry.ts';
import type { AppClient } from '../ports/app-clients.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest } from './run.ts';

/** The clients of each kind that a tenant can have: all tenants share the user pool's quota. */
export const mostClients = 50;

/** What an administrator says of a new client. */
export type NewClient = Pick<DirectoryClient, 'name' | 'kind' | 'scopes' | 'redirectUris' | 'certificate'>;

type Ports = Pick<IdentityPorts, 'appClients' | 'auditPut' | 'clients' | 'directory' | 'log'>;

/** Puts a client that Cognito has made into the directory; false when the caller may not do that any more. */
const register = async (
  request: OperationRequest,
  { principal: caller, now }: Required<Pick<OperationRequest, 'principal' | 'now'>>,
  client: DirectoryClient,
  { clients, directory, auditPut }: Ports,
): Promise<boolean> => {
  const { client: subject, tenant } = client;
  const created = { at: now, by: caller.subject };
  const audited = request.auditInTransaction(request.operation.status);
  const done = await directory.commit([
    directory.principalCheck({ ...caller, status: 'active' }, now),
    ...clients.clientPuts(client, created),
    ...(client.kind === 'machine'
      ? directory.principalPuts(
          { subject, tenant, role: 'system', roleVersion: 1, status: 'active' },
          created,
        )
      : []),
    { Put: auditPut(audited.entry) },
  ]);
  if (done) audited.committed();
  return done;
};

/**
 * Registers a client of the caller's tenant: first at Cognito, which gives it its id, then in the directory. Between the two
 * it has no power: a person's token through it says no more than a session, and no API accepts it of a client that the
 * directory does not know; a machine gets none. When the second fails it is removed at Cognito, and where that fails too it
 * stays there like that.
 * @throws ApiError `conflict` when the tenant has too many, or the caller may not do this any more.
 */
export const addClient = async (
  request: OperationRequest,
  wanted: NewClient,
  ports: Ports,
): Promise<AppClient> => {
  const { principal, now, facts } = request;
  if (principal === undefined) throw new ApiError('unauthenticated');
  const { tenant } = principal;
  facts.resource = 'Client';
  const list = wanted.kind === 'machine' ? 'machines' : 'applications';
  if ((await ports.clients.clients(tenant, list, { limit: mostClients })).length >= mostClients)
    throw new ApiError('conflict', { policy: 'client.limit' });
  const made = await ports.appClients.create({ tenant, ...wanted });
  facts.resourceId = made.client;
  const client: DirectoryClient = { ...wanted, client: made.client, tenant, status: 'active' };
  const compensate = (): Promise<void> =>
    ports.appClients.remove(made.client).catch(() => ports.log.warn('compensation-failed', {}));
  let done = false;
  try {
    done = await register(request, { principal, now }, client, ports);
  } catch (cause) {
    if ((await ports.directory.client(made.client)) === undefined) await compensate();
    throw cause;
  }
  if (!done) {
    await compensate();
    throw new ApiError('conflict', { policy: 'client.changed' });
  }
  return made;
};
