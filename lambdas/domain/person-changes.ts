import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from './api-error.ts';
import { type DirectoryPrincipal, isExpired, type PrincipalChange } from './directory-entry.ts';
import { isCurrentTraining, isTrained } from './training.ts';

/** What is to become of a person's grant; nothing when it is so already. */
export type PersonChange = (person: DirectoryPrincipal, now: Date) => PrincipalChange | undefined;

const standing =
  (change: PersonChange): PersonChange =>
  (person, now) => {
    if (person.status === 'removed') throw new ApiError('conflict', { policy: 'person.removed' });
    return change(person, now);
  };

const trained = (person: Pick<DirectoryPrincipal, 'role' | 'trainedOn'>, now: Date): void => {
  if (!isTrained(person, now)) throw new ApiError('training-required', { policy: 'person.training' });
};

/**
 * Gives a member of the workforce another role. A review that is open stays so: only its own decision attests a grant.
 * Patients stay patients: someone who is both has two accounts.
 */
export const roleChange = (role: Role): PersonChange =>
  standing((person, now) => {
    if (person.role === 'patient') throw new ApiError('not-permitted', { policy: 'role.patient' });
    if (person.role === role) return undefined;
    trained({ ...person, role }, now);
    return { role };
  });

/** Takes the right to act away for a while. */
export const suspension: PersonChange = standing(({ status }) =>
  status === 'suspended' ? undefined : { status: 'suspended' },
);

/** Gives the right to act back, also where a review of access has taken it away; one that is open stays so. */
export const reactivation: PersonChange = standing((person, now) => {
  if (person.status === 'active' && !isExpired(person, now)) return undefined;
  trained(person, now);
  return { status: 'active', ...(isExpired(person, now) && { grantExpiresAt: undefined }) };
});

/** Takes the right to act away for good. */
export const removal: PersonChange = ({ status }) =>
  status === 'removed' ? undefined : { status: 'removed' };

/** Forgets that a second factor was enrolled: until another one is, there is no scope, whatever the user pool still knows. */
export const factorReset: PersonChange = standing((_person, now) => ({
  mfaEnrolledAt: undefined,
  mustEnrolSince: now.toISOString(),
}));

/** Records a training, unless it is too old to count or of the future. */
export const trainingRecord = (trainedOn: string): PersonChange =>
  standing((_person, now) => {
    if (!isCurrentTraining(trainedOn, now)) throw new ApiError('training-required');
    return { trainedOn };
  });
