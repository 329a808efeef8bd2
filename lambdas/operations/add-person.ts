import { ApiError } from '../domain/api-error.ts';
import type { DirectoryPrincipal } from '../domain/directory-entry.ts';
import { temporaryPassword } from '../domain/temporary-password.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Directory } from '../ports/directory.ts';
import type { Log } from '../ports/log.ts';

/** What adding a person needs. */
export interface AddPersonPorts {
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly log: Log;
}

/** A person who was added, with the password of the first sign-in. */
export interface AddedPerson {
  readonly subject: string;
  readonly temporaryPassword: string;
}

/**
 * Adds an account, then what the directory says of it. Between the two the account can get no scope, because the token
 * trigger refuses whom the directory does not know; when the second fails the account is removed, and an account that was
 * left behind all the same is taken over by the next try.
 * @param commit writes the directory's part, all or nothing; false when something was there already.
 * @param isOurs whether a person in the directory is the one that this commit wrote: when its answer was lost, nobody else's
 * must be told as ours, for the password would be told with it.
 * @throws ApiError `conflict` when the e-mail address has a person already.
 */
export const addPerson = async (
  email: string,
  commit: (subject: string) => Promise<boolean>,
  isOurs: (person: DirectoryPrincipal) => boolean,
  { accounts, directory, log }: AddPersonPorts,
): Promise<AddedPerson> => {
  const password = temporaryPassword();
  const { subject, existed } = await accounts.create(email, password);
  if (existed) {
    if (await directory.principal(subject)) throw new ApiError('conflict', { policy: 'person.exists' });
    await accounts.setTemporaryPassword(subject, password);
  }
  const compensate = async (): Promise<void> => {
    if (existed) return;
    await accounts.remove(subject).catch(() => log.warn('compensation-failed', {}));
  };
  let committed = false;
  try {
    committed = await commit(subject);
  } catch (cause) {
    const person = await directory.principal(subject);
    if (person === undefined) await compensate();
    if (person === undefined || !isOurs(person)) throw cause;
    committed = true;
  }
  if (!committed) {
    const isThere = (await directory.principal(subject)) !== undefined;
    if (!isThere) await compensate();
    throw new ApiError('conflict', { policy: isThere ? 'person.exists' : 'person.changed' });
  }
  return { subject, temporaryPassword: password };
};
