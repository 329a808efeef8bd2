import { ApiError } from '../domain/api-error.ts';
import { factorReset } from '../domain/person-changes.ts';
import { temporaryPassword } from '../domain/temporary-password.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { changePerson } from './change-person.ts';
import type { Run } from './run.ts';

const inDirectory = changePerson({
  change: () => factorReset,
  alongside: (subject, { directory }) => directory.passkeyDeletes(subject),
});

/**
 * Forgets a person's TOTP device, passkeys and password: whoever has the old ones enrols nothing. The new temporary password
 * is told once, to be handed over in person. The directory decides first, so that no token has a scope until another device
 * is enrolled; when the user pool does not follow, the request can be repeated.
 */
export const resetFactors: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, fetched, ports) => {
    const { status } = await inDirectory.complete(request, fetched, ports);
    const { id: subject = '' } = request.pathParameters;
    const password = temporaryPassword();
    try {
      await ports.accounts.setTemporaryPassword(subject, password);
      await ports.accounts.removeTotp(subject);
      await ports.accounts.signOut(subject);
    } catch (cause) {
      ports.log.warn('account-unchanged', {});
      throw new ApiError('unavailable', { cause });
    }
    return { status, body: { temporaryPassword: password } };
  },
};
