import { ApiError } from '../domain/api-error.ts';
import { type DirectoryPrincipal, grantOf } from '../domain/directory-entry.ts';
import type { PersonChange } from '../domain/person-changes.ts';
import type { Principal } from '../domain/principal.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest, OperationResult, Run } from './run.ts';

type TransactionItems = Parameters<IdentityPorts['directory']['commit']>[0];

/** How a person's grant is changed. */
export interface PersonChangeOptions {
  /** What is to become of it; throws when it must not. */
  readonly change: (body: unknown) => PersonChange;
  /** That sessions go on; scopes follow with the next token. @default every session ends at once */
  readonly keepsSessions?: true;
  /** What else the transaction writes. @default nothing */
  readonly alongside?: (subject: string, ports: IdentityPorts) => Promise<TransactionItems>;
  /** What follows at the user pool. @default nothing */
  readonly atPool?: (accounts: Accounts, subject: string) => Promise<void>;
}

/** The person whom a request is about, if the caller may change their grant: one of their tenant, and not themselves. */
const personOf = async (
  { facts, pathParameters }: OperationRequest,
  caller: Principal,
  { directory }: IdentityPorts,
): Promise<DirectoryPrincipal> => {
  const { id = '' } = pathParameters;
  Object.assign(facts, { resource: 'Principal', resourceId: id });
  if (id === caller.subject) throw new ApiError('not-permitted', { policy: 'grant.own' });
  const person = await directory.principal(id);
  if (person?.tenant !== caller.tenant || person.role === 'system')
    throw new ApiError('not-found', { policy: 'person.tenant' });
  if (person.patient !== undefined) facts.patient = person.patient;
  return person;
};

/** Does at the user pool what the directory has decided already; what fails there is done by the next try. */
export const followAtPool = async (
  subject: string,
  follow: (accounts: Accounts, subject: string) => Promise<void>,
  { accounts, log }: Pick<IdentityPorts, 'accounts' | 'log'>,
): Promise<void> => {
  try {
    await follow(accounts, subject);
  } catch {
    log.warn('account-unchanged', {});
  }
};

/**
 * Changes what a person of the caller's tenant may do: directory, sessions and audit entry in one transaction, in which the
 * caller still may do what the token says. Nobody changes their own grant, and so no tenant loses its last administrator.
 * The directory decides: when the user pool cannot follow, the change holds all the same, and repeating the request repeats
 * what the pool has missed.
 */
export const changePerson = (options: PersonChangeOptions): Run<IdentityPorts, undefined> => ({
  fetch: async () => undefined,
  complete: async (request, _fetched, ports): Promise<OperationResult> => {
    const { principal: caller, facts, operation, now, body } = request;
    if (caller === undefined) throw new ApiError('unauthenticated');
    const { directory, sessions, auditPut } = ports;
    const person = await personOf(request, caller, ports);
    const { subject, tenant } = person;
    const change = options.change(body)(person, now);
    facts.grant = { before: grantOf(person), after: grantOf({ ...person, ...change }) };
    if (change !== undefined) {
      const audited = request.auditInTransaction(operation.status);
      const done = await directory.commit([
        directory.principalCheck({ ...caller, status: 'active' }, now),
        ...directory.principalUpdates(person, change),
        ...((await options.alongside?.(subject, ports)) ?? []),
        ...(options.keepsSessions ? [] : [sessions.endAllUpdate(tenant, subject, now)]),
        { Put: auditPut(audited.entry) },
      ]);
      if (!done) throw new ApiError('conflict', { policy: 'person.changed' });
      audited.committed();
    }
    if (options.atPool) await followAtPool(subject, options.atPool, ports);
    return { status: operation.status };
  },
});
