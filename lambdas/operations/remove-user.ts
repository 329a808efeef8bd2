import { removal } from '../domain/person-changes.ts';
import { changePerson } from './change-person.ts';

/**
 * Removes a person for good. The account goes, and the passkeys; the directory keeps who it was, so that entries in the audit trail still name
 * somebody and the subject is nobody else's ever (45 CFR 164.312(a)(2)(i)).
 */
export const removeUser = changePerson({
  change: () => removal,
  alongside: (subject, { directory }) => directory.passkeyDeletes(subject),
  atPool: (accounts, subject) => accounts.remove(subject),
});
