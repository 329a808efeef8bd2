import type { Context } from 'aws-lambda';
import { defineOperation } from '../../model/define/define-operation.ts';
import { type CustomOperation, customOperation } from '../../model/derive/operations.ts';
import { type AccessReview, isDue, isOver, isUnattested, newReview } from '../domain/access-review.ts';
import { ApiError } from '../domain/api-error.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { type DirectoryTenant, grantOf } from '../domain/directory-entry.ts';
import { refusalEntry, successEntry } from '../middleware/audit.ts';
import { type Chain, startChain } from '../middleware/chain.ts';
import type { AccessReviews } from '../ports/access-reviews.ts';
import type { AuditLog, AuditPut } from '../ports/audit-log.ts';
import type { Directory } from '../ports/directory.ts';
import { errorPlaces, type Log } from '../ports/log.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { listGrants } from './list-grants.ts';

/** What reviewing access by itself needs. */
export interface ReviewAccessPorts {
  readonly directory: Directory;
  readonly reviews: AccessReviews;
  readonly sessions: Pick<SessionStore, 'endAllUpdate'>;
  readonly auditLog: AuditLog;
  readonly auditPut: (entry: AuditEntry) => AuditPut;
  readonly log: Log;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

type TransactionItems = Parameters<Directory['commit']>[0];
type Facts = Pick<Chain['facts'], 'tenant' | 'resource' | 'resourceId' | 'grant' | 'alongside'>;
/** Writes all or nothing, with an entry that tells of it; what fails leaves an entry that tells of that. */
type CommitAudited = (operation: CustomOperation, facts: Facts, items: TransactionItems) => Promise<void>;

/** What the platform does by itself; no API has it. */
const ownOperation = (id: string, event: 'ACCESS_REVIEW' | 'PRIVILEGE_CHANGE'): CustomOperation =>
  customOperation(
    defineOperation({
      id,
      description: 'What the platform does at the time that a review of access sets.',
      capability: 'identity',
      method: 'POST',
      path: '/reviews',
      allows: ['operator'],
      status: 200,
      event,
    }),
  );
const start = ownOperation('reviews.startDue', 'ACCESS_REVIEW');
const expire = ownOperation('reviews.expire', 'PRIVILEGE_CHANGE');
const close = ownOperation('reviews.close', 'ACCESS_REVIEW');

const committing = (
  context: Context,
  now: Date,
  { directory, auditLog, auditPut, log }: ReviewAccessPorts,
): CommitAudited => {
  const event = { requestContext: {} } as Parameters<typeof startChain>[0];
  let count = 0;
  return async (operation, facts, items) => {
    count += 1;
    const awsRequestId = `${context.awsRequestId}-${count}`;
    const chain = startChain(event, { ...context, awsRequestId }, { operation, now, mark: auditLog.mark() });
    Object.assign(chain.facts, { ...facts, policy: operation.id });
    try {
      const entry = auditPut(successEntry(chain, operation.status));
      if (!(await directory.commit([...items, { Put: entry }])))
        throw new ApiError('conflict', { policy: 'grant.changed' });
    } catch (error) {
      const refusal = asApiError(error);
      log.failure({
        requestId: awsRequestId,
        operation: operation.id,
        code: refusal.code,
        ...errorPlaces(refusal.cause),
      });
      await auditLog.write(refusalEntry(chain, refusal));
      throw refusal;
    }
  };
};

const reviewFacts = ({ tenant, review }: AccessReview): Facts => ({
  tenant,
  resource: 'AccessReview',
  resourceId: review,
});

/** Takes a grant away that nobody has decided about, unless it has changed otherwise by now. */
const settleGrant = async (
  review: AccessReview,
  subject: string,
  now: Date,
  commit: CommitAudited,
  { directory, reviews, sessions }: ReviewAccessPorts,
): Promise<void> => {
  const { tenant } = review;
  const principal = await directory.principal(subject);
  const decided = (decision: 'expired' | 'superseded') =>
    reviews.decisionUpdate(review, { subject, decision, at: now });
  if (!isUnattested(principal, review)) {
    await directory.commit([decided('superseded')]);
    return;
  }
  const change = { status: 'suspended' } as const;
  const grant = { before: grantOf(principal), after: grantOf({ ...principal, ...change }) };
  const alongside = [{ resource: 'AccessReview', id: review.review, version: 1 }];
  await commit(expire, { tenant, resource: 'Principal', resourceId: subject, grant, alongside }, [
    ...directory.principalUpdates(principal, change),
    sessions.endAllUpdate(tenant, subject, now),
    decided('expired'),
  ]);
};

/**
 * Takes every grant away that nobody has decided about, and closes the review; one that fails keeps no other from being taken
 * away, but the review open.
 */
const settle = async (
  review: AccessReview,
  now: Date,
  commit: CommitAudited,
  ports: ReviewAccessPorts,
): Promise<void> => {
  const { reviews, log } = ports;
  let left = 0;
  let after: string | undefined;
  do {
    const part = await reviews.grants(review, { after, limit: 1000 });
    for (const { subject } of part.grants.filter(({ decision }) => decision === 'pending'))
      await settleGrant(review, subject, now, commit, ports).catch((error: unknown) => {
        left += 1;
        log.failure({ operation: expire.id, ...errorPlaces(error) });
      });
    after = part.after;
  } while (after !== undefined);
  if (left > 0) throw new ApiError('unavailable', { policy: 'review.left' });
  await commit(close, reviewFacts(review), reviews.closeUpdates(review));
};

const reviewTenant = async (
  { tenant, status, createdAt }: DirectoryTenant,
  now: Date,
  commit: CommitAudited,
  ports: ReviewAccessPorts,
): Promise<void> => {
  const { reviews } = ports;
  const open = await reviews.open(tenant);
  if (open && isOver(open, now)) return settle(open, now, commit, ports);
  if (open) return open.listedAt === undefined ? listGrants(open, now, ports) : undefined;
  const [last] = (await reviews.list(tenant, { limit: 1 })).reviews;
  const since = last?.startedAt ?? createdAt;
  if (status !== 'active' || since === undefined || !isDue(since, now)) return;
  const review = newReview(tenant, now);
  await commit(start, reviewFacts(review), reviews.startPuts(review));
  await listGrants(review, now, ports);
};

/** Milliseconds before its end at which the function begins no further tenant. */
const reserve = 60_000;

/**
 * Does every day what reviews of access ask for (requirement B10): suspends whose grant nobody attested in time, and starts a
 * review where the last one is a quarter of a year old. One tenant's failure keeps no other one's from being done, and the
 * next day does what is left.
 * @returns a function for a schedule; it throws when something is left.
 */
export const reviewAccess =
  (ports: ReviewAccessPorts) =>
  async (_event: unknown, context: Context): Promise<void> => {
    const { directory, log, clock = () => new Date() } = ports;
    const now = clock();
    const commit = committing(context, now, ports);
    let left = 0;
    let after: string | undefined;
    do {
      const part = await directory.tenants({ after, limit: 100 });
      for (const id of part.tenants) {
        try {
          if (context.getRemainingTimeInMillis() < reserve) throw new ApiError('unavailable');
          const tenant = await directory.tenant(id);
          if (tenant) await reviewTenant(tenant, now, commit, ports);
        } catch (error) {
          left += 1;
          log.failure({ requestId: context.awsRequestId, ...errorPlaces(error) });
        }
      }
      after = part.after;
    } while (after !== undefined);
    if (left > 0) throw new Error(`The access of ${left} tenants could not be reviewed.`);
  };
