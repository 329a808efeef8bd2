import { type AccessReview, attestation, isOver, revocation } from '../domain/access-review.ts';
import { ApiError } from '../domain/api-error.ts';
import { type DirectoryPrincipal, grantOf, type PrincipalChange } from '../domain/directory-entry.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { anotherAdministrator } from './another-administrator.ts';
import { followAtPool } from './change-person.ts';
import { reviewAsked } from './read-review.ts';
import type { OperationRequest, Run } from './run.ts';

interface Decision {
  readonly subject: string;
  readonly decision: 'attest' | 'revoke';
}

/** The principal whose grant is pending in a review. */
const pendingIn = async (
  review: AccessReview,
  { subject }: Decision,
  now: Date,
  { directory, reviews }: IdentityPorts,
): Promise<DirectoryPrincipal> => {
  if (review.status === 'closed' || isOver(review, now))
    throw new ApiError('conflict', { policy: 'review.over' });
  const [grant, principal] = await Promise.all([
    reviews.grant(review, subject),
    directory.principal(subject),
  ]);
  if (grant === undefined || principal?.tenant !== review.tenant)
    throw new ApiError('not-found', { policy: 'review.grant' });
  if (grant.decision !== 'pending') throw new ApiError('conflict', { policy: 'review.decided' });
  return principal;
};

/** That the caller, or another administrator in the caller's place, is there to stay. */
const remaining = async (
  caller: Principal,
  principal: DirectoryPrincipal,
  change: PrincipalChange | undefined,
  now: Date,
  { directory }: IdentityPorts,
) => {
  const callerStays = directory.principalCheck({ ...caller, status: 'active' }, now);
  if (change?.status === undefined || principal.role !== 'admin' || caller.role === 'admin')
    return [callerStays];
  return [callerStays, directory.principalCheck(await anotherAdministrator(principal, now, directory), now)];
};

/**
 * Attests a grant, so that it does not expire, or revokes it, which suspends the principal at once. Nobody decides about their
 * own, and no tenant loses its last administrator.
 */
export const decideGrant: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request: OperationRequest, _fetched, ports) => {
    const { principal: caller, facts, now, operation } = request;
    const decision = request.body as Decision;
    const { subject } = decision;
    Object.assign(facts, { resource: 'Principal', resourceId: subject });
    if (caller === undefined) throw new ApiError('unauthenticated');
    if (subject === caller.subject) throw new ApiError('not-permitted', { policy: 'grant.own' });
    const review = await reviewAsked(request, ports);
    const principal = await pendingIn(review, decision, now, ports);
    const isRevoked = decision.decision === 'revoke';
    const change = isRevoked ? revocation(principal) : attestation(principal, review);
    if (isRevoked) facts.type = 'PRIVILEGE_CHANGE';
    Object.assign(facts, {
      grant: { before: grantOf(principal), after: grantOf({ ...principal, ...change }) },
      alongside: [{ resource: 'AccessReview', id: review.review, version: 1 }],
    });
    const { directory, reviews, sessions, auditPut } = ports;
    const checks = await remaining(caller, principal, change, now, ports);
    const audited = request.auditInTransaction(operation.status);
    const done = await directory.commit([
      ...checks,
      ...(change ? directory.principalUpdates(principal, change) : []),
      ...(change?.status ? [sessions.endAllUpdate(principal.tenant, subject, now)] : []),
      reviews.decisionUpdate(review, {
        subject,
        decision: isRevoked ? 'revoked' : 'attested',
        at: now,
        by: caller.subject,
      }),
      { Put: auditPut(audited.entry) },
    ]);
    if (!done) throw new ApiError('conflict', { policy: 'grant.changed' });
    audited.committed();
    if (isRevoked && principal.role !== 'system')
      await followAtPool(subject, (accounts) => accounts.disable(subject), ports);
    return { status: operation.status };
  },
};
