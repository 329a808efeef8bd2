import { ApiError } from '../domain/api-error.ts';
import { thumbprintOf } from '../domain/client-certificate.ts';
import type { ApiEvent } from './chain.ts';

/**
 * Binds a token to its client's certificate (RFC 8705 §3): a client that has registered one shows it in each request, which
 * only the partners' domain can carry, and no other client comes with one.
 * @throws ApiError `unauthenticated` otherwise.
 */
export const checkCertificate = (
  { requestContext }: Pick<ApiEvent, 'requestContext'>,
  registered: string | undefined,
  now: Date,
): void => {
  const shown = requestContext.identity?.clientCert ?? undefined;
  if (shown === undefined && registered === undefined) return;
  const thumbprint = shown && thumbprintOf(String(shown.clientCertPem), now);
  if (thumbprint === undefined || thumbprint !== registered)
    throw new ApiError('unauthenticated', { policy: 'client.certificate' });
};
