import { type AccessReview, newReview } from '../domain/access-review.ts';
import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { listGrants } from './list-grants.ts';
import type { OperationRequest, Run } from './run.ts';

/** A review as its tenant sees it. */
export const reviewView = ({ review, status, startedAt, deadline }: AccessReview) => ({
  id: review,
  status,
  startedAt,
  deadline,
});

const started = async (
  request: OperationRequest,
  { directory, reviews, auditPut }: IdentityPorts,
): Promise<AccessReview> => {
  const { principal: caller, facts, now, operation } = request;
  if (caller === undefined) throw new ApiError('unauthenticated');
  const review = newReview(caller.tenant, now, caller.subject);
  facts.resourceId = review.review;
  const audited = request.auditInTransaction(operation.status);
  const done = await directory.commit([
    directory.principalCheck({ ...caller, status: 'active' }, now),
    ...reviews.startPuts(review),
    { Put: auditPut(audited.entry) },
  ]);
  if (!done) throw new ApiError('conflict', { policy: 'review.open' });
  audited.committed();
  return review;
};

/** Starts a review of all access to the caller's tenant; repeated after a failure, it goes on with what was begun. */
export const startReview: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { principal, facts, now, operation } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    facts.resource = 'AccessReview';
    const open = await ports.reviews.open(principal.tenant);
    if (open?.listedAt !== undefined) throw new ApiError('conflict', { policy: 'review.open' });
    const review = open ?? (await started(request, ports));
    facts.resourceId = review.review;
    await listGrants(review, now, ports);
    return { status: operation.status, body: reviewView(review) };
  },
};
