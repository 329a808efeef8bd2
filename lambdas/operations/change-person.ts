import { ApiError } from '../domain/api-error.ts';
import { type DirectoryPrincipal, grantOf } from '../domain/directory-entry.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { PrincipalChange } from '../ports/principal-changes.ts';
import type { OperationRequest, OperationResult } from './run.ts';

/**
 * Changes what a person of the caller's tenant may do: directory and audit entry in one transaction, in which the caller
 * still is who the token says. Nobody changes their own grant, and so no tenant loses its last administrator.
 * @param decide what changes; throws when it must not
 * @throws ApiError `not-found` for whoever is not in the tenant, `conflict` when another change came first.
 */
export const changePerson = async (
  request: OperationRequest,
  decide: (person: DirectoryPrincipal) => PrincipalChange,
  { directory, auditPut }: Pick<IdentityPorts, 'directory' | 'auditPut'>,
): Promise<OperationResult> => {
  const { principal: caller, facts, operation, pathParameters } = request;
  const { id = '' } = pathParameters;
  if (caller === undefined) throw new ApiError('unauthenticated');
  Object.assign(facts, { resource: 'Principal', resourceId: id });
  if (id === caller.subject) throw new ApiError('not-permitted', { policy: 'grant.own' });
  const person = await directory.principal(id);
  if (person?.tenant !== caller.tenant || person.role === 'system')
    throw new ApiError('not-found', { policy: 'person.tenant' });
  if (person.status === 'removed') throw new ApiError('conflict', { policy: 'person.removed' });
  const change = decide(person);
  Object.assign(facts, {
    ...(person.patient !== undefined && { patient: person.patient }),
    grant: { before: grantOf(person), after: grantOf({ ...person, ...change }) },
  });
  const audited = request.auditInTransaction(operation.status);
  const done = await directory.commit([
    directory.principalCheck({ ...caller, status: 'active' }),
    ...directory.principalUpdates(person, change),
    { Put: auditPut(audited.entry) },
  ]);
  if (!done) throw new ApiError('conflict', { policy: 'person.changed' });
  audited.committed();
  return { status: operation.status };
};
