import type { ReviewedGrant } from '../domain/access-review.ts';
import { type DirectoryPrincipal, grantOf } from '../domain/directory-entry.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { cursorBehind, pageAsked } from './page.ts';
import { reviewAsked } from './read-review.ts';
import type { Run } from './run.ts';

/** A grant in a review beside what it is now, for that is what a decision is about. */
const described = (grant: ReviewedGrant, principals: readonly DirectoryPrincipal[]) => {
  const principal = principals.find(({ subject }) => subject === grant.subject);
  return { ...grant, ...(principal && { now: grantOf(principal) }) };
};

/** Lists the grants of a review, decided or not. */
export const listReviewedGrants: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    Object.assign(request.facts, { resource: 'AccessReview', resourceId: request.pathParameters.id });
    const page = await pageAsked(request, ports.signIn);
    const { grants, after } = await ports.reviews.grants(await reviewAsked(request, ports), page);
    const principals = await ports.directory.principals(grants.map(({ subject }) => subject));
    return {
      status: 200,
      body: {
        items: grants.map((grant) => described(grant, principals)),
        ...(after !== undefined && { cursor: await cursorBehind(request, after, ports.signIn) }),
      },
    };
  },
};
