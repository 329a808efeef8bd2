import { ApiError } from '../domain/api-error.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest } from './run.ts';

/**
 * Who decides about a consent of their own: a person who signed in at our façade, for no application widens its own.
 * @throws ApiError `not-permitted` through any other client.
 */
export const consentingPerson = (
  { principal, facts, pathParameters }: OperationRequest,
  { client }: Pick<IdentityPorts, 'client'>,
): Principal => {
  facts.resource = 'Consent';
  if (pathParameters.client !== undefined) facts.resourceId = pathParameters.client;
  if (principal === undefined) throw new ApiError('unauthenticated');
  if (principal.client !== client) throw new ApiError('not-permitted', { policy: 'consent.client' });
  return principal;
};
