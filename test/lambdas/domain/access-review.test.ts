import { describe, expect, test } from 'vitest';
import {
  attestation,
  isDue,
  isOver,
  isReviewed,
  isUnattested,
  newReview,
  revocation,
} from '../../../lambdas/domain/access-review.ts';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import { roles } from '../../../model/vocabulary.ts';

const tenant = 'tenant000001';
const now = new Date('2026-11-22T12:00:00.000Z');
const review = newReview(tenant, now, 'officer');
const pending: DirectoryPrincipal = {
  subject: 's',
  tenant,
  role: 'nurse',
  roleVersion: 1,
  status: 'active',
  grantExpiresAt: review.deadline,
};
const { grantExpiresAt: _expiry, ...attested } = pending;
const suspended = { ...pending, status: 'suspended' } as const;

describe('a new review', () => {
  test('gives thirty days', () => {
    expect(review).toMatchObject({
      tenant,
      status: 'open',
      startedAt: '2026-11-22T12:00:00.000Z',
      deadline: '2026-12-22T12:00:00.000Z',
      startedBy: 'officer',
    });
    expect(review.review).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(newReview(tenant, now)).not.toHaveProperty('startedBy');
  });

  test('sorts behind an earlier one, and before a word', () => {
    expect(newReview(tenant, new Date(now.getTime() + 1)).review > review.review).toBe(true);
    expect(review.review < 'A').toBe(true);
  });
});

test('the time is over at the deadline', () => {
  expect(isOver(review, new Date('2026-12-22T11:59:59.999Z'))).toBe(false);
  expect(isOver(review, new Date('2026-12-22T12:00:00.000Z'))).toBe(true);
});

test('a review is due after ninety days', () => {
  expect(isDue('2026-08-24T12:00:00.001Z', now)).toBe(false);
  expect(isDue('2026-08-24T12:00:00.000Z', now)).toBe(true);
});

test('every active grant of the workforce and of machines is reviewed', () => {
  expect(roles.filter((role) => isReviewed({ role, status: 'active' }))).toEqual(
    roles.filter((role) => role !== 'patient'),
  );
  expect(isReviewed({ role: 'nurse', status: 'suspended' })).toBe(false);
  expect(isReviewed({ role: 'nurse', status: 'removed' })).toBe(false);
});

test('what is attested does not expire', () => {
  expect(attestation(pending, review)).toStrictEqual({ grantExpiresAt: undefined });
});

test.each([
  ['of someone suspended', suspended],
  ['that was given anew', attested],
  ['of another review', { ...pending, grantExpiresAt: now.toISOString() }],
])('a grant %s is not attested', (_, principal) => {
  expect(() => attestation(principal, review)).toThrow(expect.objectContaining({ code: 'conflict' }));
});

test('what is revoked is suspended, unless it is gone already', () => {
  expect(revocation(pending)).toEqual({ status: 'suspended' });
  expect(revocation(attested)).toEqual({ status: 'suspended' });
  expect(revocation(suspended)).toBeUndefined();
  expect(revocation({ ...pending, status: 'removed' })).toBeUndefined();
});

test('what nobody decided about is unattested, unless it has changed', () => {
  expect(isUnattested(pending, review)).toBe(true);
  for (const changed of [attested, suspended, undefined]) expect(isUnattested(changed, review)).toBe(false);
});
