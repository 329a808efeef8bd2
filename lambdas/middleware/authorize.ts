import type { Operation } from '../../model/derive/operations.ts';
import { allowsRole, scopeFor } from '../../model/derive/operations.ts';
import { permissionFor, policyId } from '../../model/derive/permissions.ts';
import type { PurposeOfUse } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import type { Principal } from '../domain/principal.ts';
import type { ChainMiddleware } from './chain.ts';

const isPermitted = (
  operation: Operation,
  principal: Principal,
  purpose: PurposeOfUse | undefined,
): boolean => {
  const scope = scopeFor(operation, principal.role);
  if (scope === undefined || !principal.scopes.has(scope)) return false;
  if (operation.kind === 'named') return allowsRole(operation, principal.role);
  const { resource, interaction } = operation;
  return purpose !== undefined && permissionFor(resource, principal.role, interaction, purpose) !== undefined;
};

const policyOf = (operation: Operation, { role }: Principal, purpose: PurposeOfUse | undefined): string => {
  if (operation.kind === 'named') return operation.id;
  return purpose === undefined
    ? `${operation.id}.${role}`
    : policyId(operation.resource, role, purpose, operation.interaction);
};

/** Refuses what role, purpose or scope does not permit, by lookup alone (requirements C1, C3, C4). */
export const authorize = (operation: Operation): ChainMiddleware => ({
  before: ({ context: { chain } }) => {
    const { principal, purpose, facts } = chain;
    if (operation.kind === 'named' && operation.definition.allows === 'public') {
      facts.policy = operation.id;
      return;
    }
    if (principal === undefined) throw new ApiError('unauthenticated');
    facts.policy = policyOf(operation, principal, purpose);
    if (!isPermitted(operation, principal, purpose)) throw new ApiError('not-permitted');
  },
});
