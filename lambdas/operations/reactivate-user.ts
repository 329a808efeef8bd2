import { reactivation } from '../domain/person-changes.ts';
import { changePerson } from './change-person.ts';

/** Lets a person act again. */
export const reactivateUser = changePerson({
  change: () => reactivation,
  atPool: (accounts, subject) => accounts.enable(subject),
});
