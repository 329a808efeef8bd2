import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from './api-error.ts';
import type { DirectoryPrincipal, PrincipalChange } from './directory-entry.ts';
import { newTimedId } from './identifiers.ts';

/** A review of all access to a tenant (45 CFR 164.308(a)(4)(ii)(C)); times are ISO 8601. */
export interface AccessReview {
  /** 26 characters that sort in the order of the reviews. */
  readonly review: string;
  readonly tenant: string;
  readonly status: 'open' | 'closed';
  readonly startedAt: string;
  /** When every grant that nobody attested expires. */
  readonly deadline: string;
  /** Absent when the platform started it by itself. */
  readonly startedBy?: string;
  /** Absent until every grant is in it. */
  readonly listedAt?: string;
}

/** What was decided about a grant; `superseded` when it had changed otherwise by then. */
export const grantDecisions = ['pending', 'attested', 'revoked', 'expired', 'superseded'] as const;
/** What was decided about a grant. */
export type GrantDecision = (typeof grantDecisions)[number];

/** A grant in a review. */
export interface ReviewedGrant {
  readonly subject: string;
  /** When the review began. */
  readonly role: Role;
  readonly decision: GrantDecision;
  readonly decidedBy?: string;
  readonly decidedAt?: string;
}

const aDay = 86_400_000;
/** Days in which a grant must be attested (requirement B10). */
export const reviewDays = 30;
/** Days after which a tenant's access is reviewed again (requirement B10). */
export const reviewEvery = 90;

/** A new review of a tenant's access. */
export const newReview = (tenant: string, now: Date, startedBy?: string): AccessReview => ({
  review: newTimedId(now),
  tenant,
  status: 'open',
  startedAt: now.toISOString(),
  deadline: new Date(now.getTime() + reviewDays * aDay).toISOString(),
  ...(startedBy !== undefined && { startedBy }),
});

/** Whether the time to attest is over. */
export const isOver = ({ deadline }: Pick<AccessReview, 'deadline'>, now: Date): boolean =>
  Date.parse(deadline) <= now.getTime();

/** Whether access that was reviewed last at a time, or exists since then, is to be reviewed again. */
export const isDue = (since: string, now: Date): boolean =>
  Date.parse(since) + reviewEvery * aDay <= now.getTime();

/** Whether a principal's access is the tenant's grant; what patients see of themselves is their right (45 CFR 164.524). */
export const isReviewed = ({ role, status }: Pick<DirectoryPrincipal, 'role' | 'status'>): boolean =>
  role !== 'patient' && status === 'active';

/** Whether somebody still has the grant that a review lets expire. */
export const isUnattested = (
  principal: DirectoryPrincipal | undefined,
  { deadline }: Pick<AccessReview, 'deadline'>,
): principal is DirectoryPrincipal => principal?.status === 'active' && principal.grantExpiresAt === deadline;

/**
 * What attesting changes: the grant does not expire.
 * @throws ApiError `conflict` when the grant is not the one that the review lists any more.
 */
export const attestation = (principal: DirectoryPrincipal, review: AccessReview): PrincipalChange => {
  if (!isUnattested(principal, review)) throw new ApiError('conflict', { policy: 'grant.changed' });
  return { grantExpiresAt: undefined };
};

/** What revoking changes, if the grant is still there. */
export const revocation = ({ status }: DirectoryPrincipal): PrincipalChange | undefined =>
  status === 'active' ? { status: 'suspended' } : undefined;
