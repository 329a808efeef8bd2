import { ApiError } from '../domain/api-error.ts';
import { mostPasskeys } from '../domain/passkey.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { newHandle } from '../ports/sign-in-store.ts';
import { ownFactors } from './own-factors.ts';
import { demandPasskeySession } from './passkey-session.ts';
import type { Run } from './run.ts';
import { sessionOf, throughFacade } from './through-facade.ts';

/** Begins the registration of a passkey; a person's first one may rest on password and TOTP, every further one on a passkey. */
export const beginPasskey: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const principal = throughFacade(request, ports);
    const { subject } = principal;
    const { enrolment, passkeys } = await ownFactors(subject, ports);
    if (enrolment === undefined) throw new ApiError('not-permitted', { policy: 'passkeys.enrolment' });
    if (passkeys.length > 0) await demandPasskeySession(request, principal, ports);
    if (passkeys.length >= mostPasskeys) throw new ApiError('conflict', { policy: 'passkeys.most' });
    const email = await ports.accounts.emailOf(subject);
    if (email === undefined) throw new ApiError('unavailable');
    const nonce = newHandle();
    const session = await ports.signIns.saveChallenge(
      { challenge: 'PASSKEY_REGISTRATION', nonce, within: sessionOf(principal) },
      request.now,
    );
    const options = ports.relyingParty.creationOptions(nonce, { subject, email, passkeys });
    return { status: 200, body: { session, options } };
  },
};
