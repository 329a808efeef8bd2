import type { Role } from '../../model/vocabulary.ts';
import { roleChange } from '../domain/person-changes.ts';
import { changePerson } from './change-person.ts';

/** Gives a person another role; what they signed in for with the old one is over. */
export const changeRole = changePerson({
  change: (body) => roleChange((body as { readonly role: Role }).role),
  atPool: (accounts, subject) => accounts.signOut(subject),
});
