import { suspension } from '../domain/person-changes.ts';
import { changePerson } from './change-person.ts';

/** Suspends a person, at once and until somebody reactivates them. */
export const suspendUser = changePerson({
  change: () => suspension,
  atPool: (accounts, subject) => accounts.disable(subject),
});
