import { ApiError } from '../domain/api-error.ts';
import { mostPasskeys } from '../domain/passkey.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { NewCredential } from '../ports/relying-party.ts';
import { ownFactors } from './own-factors.ts';
import { demandPasskeySession } from './passkey-session.ts';
import type { Run } from './run.ts';
import { throughFacade } from './through-facade.ts';

interface Registration {
  readonly session: string;
  readonly credential: NewCredential;
  readonly name?: string;
}

/**
 * Registers a passkey in the session in which its registration was begun, with its audit entry. It belongs to the person's
 * present enrolment of factors, which must still be the same when the passkey is written: a reset takes both away.
 */
export const registerPasskey: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const principal = throughFacade(request, ports);
    const { subject, session } = principal;
    const given = request.body as Registration;
    const challenge = await ports.signIns.takeChallenge(given.session, request.now);
    const isOwn =
      challenge?.challenge === 'PASSKEY_REGISTRATION' &&
      challenge.within.subject === subject &&
      challenge.within.session === session;
    if (!isOwn) throw new ApiError('invalid-challenge');
    const made = await ports.relyingParty.verifyCreation(challenge.nonce, given.credential);
    const { enrolment, passkeys } = await ownFactors(subject, ports);
    if (enrolment === undefined) throw new ApiError('not-permitted', { policy: 'passkeys.enrolment' });
    if (passkeys.length > 0) await demandPasskeySession(request, principal, ports);
    if (passkeys.length >= mostPasskeys) throw new ApiError('conflict', { policy: 'passkeys.most' });
    Object.assign(request.facts, { resource: 'Passkey', resourceId: made.id });
    const audited = request.auditInTransaction(201);
    const createdAt = request.now.toISOString();
    const caller = { ...principal, status: 'active', mfaEnrolledAt: enrolment } as const;
    const done = await ports.directory.commit([
      ports.directory.principalCheck(caller, request.now),
      ports.passkeys.addition(subject, {
        ...made,
        enrolment,
        createdAt,
        ...(given.name !== undefined && { name: given.name }),
      }),
      { Put: ports.auditPut(audited.entry) },
    ]);
    if (!done) throw new ApiError('conflict', { policy: 'passkeys.changed' });
    audited.committed();
    return { status: 201, body: { id: made.id } };
  },
};
