import { ApiError } from '../domain/api-error.ts';
import type { ClientKind, DirectoryClient } from '../domain/directory-entry.ts';
import { grantOf } from '../domain/directory-entry.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { applicationKinds, ownClient } from './own-client.ts';
import type { OperationRequest, Run } from './run.ts';

type TransactionItems = Parameters<IdentityPorts['directory']['commit']>[0];

/** A machine's part in the directory beside the client's, and the end of its sessions; an application has none. */
const principalItems = async (
  { facts, now }: OperationRequest,
  { client: subject, tenant }: DirectoryClient,
  { directory, sessions }: IdentityPorts,
): Promise<TransactionItems> => {
  const machine = await directory.principal(subject);
  if (machine === undefined) return [];
  facts.grant = { before: grantOf(machine), after: grantOf({ ...machine, status: 'removed' }) };
  return [
    ...directory.principalUpdates(machine, { status: 'removed' }),
    sessions.endAllUpdate(tenant, subject, now),
  ];
};

/**
 * Removes a client for good: in the directory, which decides, and then at Cognito. When Cognito cannot follow the client has
 * no power all the same, and repeating the request repeats what Cognito has missed.
 */
const removeClient = (kinds: readonly ClientKind[]): Run<IdentityPorts, undefined> => ({
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { client, caller } = await ownClient(request, kinds, ports);
    const { now, operation } = request;
    const { appClients, auditPut, clients, directory, log } = ports;
    if (client.status === 'active') {
      const items = await principalItems(request, client, ports);
      const audited = request.auditInTransaction(operation.status);
      const done = await directory.commit([
        directory.principalCheck({ ...caller, status: 'active' }, now),
        ...clients.clientRemovals(client, { at: now, by: caller.subject }),
        ...items,
        { Put: auditPut(audited.entry) },
      ]);
      if (!done) throw new ApiError('conflict', { policy: 'client.changed' });
      audited.committed();
    }
    await appClients.remove(client.client).catch(() => log.warn('revocation-failed', {}));
    return { status: operation.status };
  },
});

/** Removes an application of the caller's tenant. */
export const removeApp = removeClient(applicationKinds);
/** Removes a machine of the caller's tenant, whose sessions end in the same transaction. */
export const removeMachine = removeClient(['machine']);
