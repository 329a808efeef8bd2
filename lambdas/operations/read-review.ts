import type { AccessReview } from '../domain/access-review.ts';
import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest, Run } from './run.ts';
import { reviewView } from './start-review.ts';

/**
 * The review that a request names, if it is of the caller's tenant.
 * @throws ApiError `not-found` otherwise.
 */
export const reviewAsked = async (
  { principal, pathParameters }: OperationRequest,
  { reviews }: Pick<IdentityPorts, 'reviews'>,
): Promise<AccessReview> => {
  if (principal === undefined) throw new ApiError('unauthenticated');
  const review = await reviews.read(principal.tenant, pathParameters.id ?? '');
  if (review === undefined) throw new ApiError('not-found', { policy: 'review.tenant' });
  return review;
};

/** Reads a review, and how many of its grants are decided. */
export const readReview: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    Object.assign(request.facts, { resource: 'AccessReview', resourceId: request.pathParameters.id });
    const review = await reviewAsked(request, ports);
    return { status: 200, body: { ...reviewView(review), grants: await ports.reviews.tally(review) } };
  },
};
