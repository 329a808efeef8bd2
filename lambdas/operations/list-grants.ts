import { type AccessReview, isReviewed } from '../domain/access-review.ts';
import type { AccessReviews } from '../ports/access-reviews.ts';
import type { Directory, Member } from '../ports/directory.ts';

/** What putting grants into a review needs. */
export interface ListGrantsPorts {
  readonly directory: Pick<Directory, 'members' | 'expiryUpdate' | 'commit'>;
  readonly reviews: Pick<AccessReviews, 'grantPut' | 'recordListed'>;
}

/** Members that are read at a time, patients included, and grants that are written at a time. */
const [read, written] = [1000, 50];

/**
 * Puts every grant of the tenant into a review, and lets it expire at the deadline. It can be broken off and begun again:
 * what is in the review already, decided or not, stays as it is.
 */
export const listGrants = async (
  review: AccessReview,
  now: Date,
  { directory, reviews }: ListGrantsPorts,
): Promise<void> => {
  const { tenant, deadline } = review;
  const list = (member: Member): Promise<boolean> =>
    directory.commit([
      directory.expiryUpdate({ ...member, tenant }, deadline),
      reviews.grantPut(review, member),
    ]);
  let after: string | undefined;
  do {
    const part = await directory.members(tenant, { after, limit: read });
    const grants = part.members.filter(isReviewed);
    for (let next = 0; next < grants.length; next += written)
      await Promise.all(grants.slice(next, next + written).map(list));
    after = part.after;
  } while (after !== undefined);
  await reviews.recordListed(review, now);
};
