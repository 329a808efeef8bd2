import type { Role } from '../../model/vocabulary.ts';
import { usualPurpose } from '../../model/vocabulary.ts';
import type { DirectoryPrincipal } from './directory-entry.ts';

/** Whether a role belongs to the workforce and touches health information, so that it needs training (requirement A8). */
export const needsTraining = (role: Role): boolean =>
  role !== 'patient' && role !== 'system' && usualPurpose[role] !== undefined;

/** Whether a training of that day is not older than a year, and not of the future. */
export const isCurrentTraining = (trainedOn: string | undefined, now: Date): boolean => {
  if (trainedOn === undefined) return false;
  const until = new Date(`${trainedOn}T00:00:00.000Z`);
  const from = until.getTime();
  until.setUTCFullYear(until.getUTCFullYear() + 1);
  const aDay = 86_400_000;
  return from <= now.getTime() + aDay && now.getTime() < until.getTime() + aDay;
};

/** Whether a principal's role may touch health information as far as training goes. */
export const isTrained = (
  { role, trainedOn }: Pick<DirectoryPrincipal, 'role' | 'trainedOn'>,
  now: Date,
): boolean => !needsTraining(role) || isCurrentTraining(trainedOn, now);
