import type { IdentityPorts } from '../ports/identity-ports.ts';
import { cursorBehind, pageAsked } from './page.ts';
import { reviewAsked } from './read-review.ts';
import type { Run } from './run.ts';

/** Lists the grants of a review, decided or not. */
export const listReviewedGrants: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    Object.assign(request.facts, { resource: 'AccessReview', resourceId: request.pathParameters.id });
    const page = await pageAsked(request, ports.signIn);
    const { grants, after } = await ports.reviews.grants(await reviewAsked(request, ports), page);
    return {
      status: 200,
      body: {
        items: grants,
        ...(after !== undefined && { cursor: await cursorBehind(request, after, ports.signIn) }),
      },
    };
  },
};
