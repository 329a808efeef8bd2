import { ApiError } from '../domain/api-error.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { SessionKey } from '../ports/session-store.ts';
import type { OperationRequest } from './run.ts';

/**
 * The caller, if their session is the sign-in façade's own: no application manages how a person authenticates.
 * @throws ApiError `not-permitted` when it is an application's.
 */
export const throughFacade = (
  { principal }: Pick<OperationRequest, 'principal'>,
  { client }: Pick<IdentityPorts, 'client'>,
): Principal => {
  if (principal === undefined) throw new ApiError('unauthenticated');
  if (principal.client !== client) throw new ApiError('not-permitted', { policy: 'session.client' });
  return principal;
};

/** The session of a principal, as it is kept. */
export const sessionOf = ({ tenant, subject, session, role, roleVersion }: Principal): SessionKey => ({
  tenant,
  subject,
  session,
  role,
  roleVersion,
});
