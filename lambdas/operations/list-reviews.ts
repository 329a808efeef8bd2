import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { cursorBehind, pageAsked } from './page.ts';
import type { Run } from './run.ts';
import { reviewView } from './start-review.ts';

/** Lists the reviews of the caller's tenant, the latest first. */
export const listReviews: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, { reviews, signIn }) => {
    const { principal, facts } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    facts.resource = 'AccessReview';
    const { reviews: found, after } = await reviews.list(principal.tenant, await pageAsked(request, signIn));
    return {
      status: 200,
      body: {
        items: found.map(reviewView),
        ...(after !== undefined && { cursor: await cursorBehind(request, after, signIn) }),
      },
    };
  },
};
