import { factorReset } from '../domain/person-changes.ts';
import { changePerson } from './change-person.ts';

/**
 * Forgets a person's TOTP device and passkeys. The password stays: the next sign-in proves it, and enrols a new device. Until
 * it has, no token has a scope, also where the user pool still knows the old one.
 */
export const resetFactors = changePerson({
  change: () => factorReset,
  alongside: (subject, { directory }) => directory.passkeyDeletes(subject),
  atPool: async (accounts, subject) => {
    await accounts.removeTotp(subject);
    await accounts.signOut(subject);
  },
});
