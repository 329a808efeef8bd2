import { ApiError, type ApiErrorOptions } from '../domain/api-error.ts';
import type { DirectoryPrincipal } from '../domain/directory-entry.ts';
import { isPresent, passkeyId } from '../domain/passkey.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { Assertion } from '../ports/relying-party.ts';
import type { PasskeyChallenge } from '../ports/sign-in-store.ts';
import type { OperationRequest } from './run.ts';
import { nameOwner } from './sign-in-answer.ts';

const subjectForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const refused = (policy: string, options: ApiErrorOptions = {}): ApiError =>
  new ApiError('invalid-challenge', { policy, ...options });

/** Whose passkey it says it is: at a step-up it must be the session's own person, and need not say so. */
const subjectOf = ({ response: { userHandle } }: Assertion, { within }: PasskeyChallenge): string => {
  const named = userHandle === undefined ? undefined : Buffer.from(userHandle, 'base64url').toString('utf8');
  const subject = within?.subject ?? named;
  const isOne = subject !== undefined && subjectForm.test(subject) && (named ?? subject) === subject;
  if (!isOne) throw refused('passkey.owner');
  return subject;
};

/**
 * Verifies the use of a passkey, by the person's own record of it, as often as failed verifications are allowed. A counter
 * that has not moved on tells of a copied authenticator (Web Authentication Level 3 §6.1.1).
 * @returns the person, who is active, and the enrolment of factors that the passkey belongs to.
 * @throws ApiError `invalid-challenge` for whatever is wrong.
 */
export const verifyPasskey = async (
  request: OperationRequest,
  challenge: PasskeyChallenge,
  assertion: Assertion,
  { directory, passkeys, relyingParty, signIn, signIns }: IdentityPorts,
): Promise<{ readonly person: DirectoryPrincipal; readonly enrolment: string }> => {
  const subject = subjectOf(assertion, challenge);
  const [passkey, person] = await Promise.all([
    passkeys.find(subject, passkeyId(assertion.id)),
    directory.principal(subject),
  ]);
  if (passkey === undefined || person?.status !== 'active' || !isPresent(passkey, person))
    throw refused('passkey.unknown');
  nameOwner(request, person);
  const account = await signIn.digest('passkeys', subject);
  await signIns.countAttempt(account, request.now);
  const { counter } = await relyingParty.verifyAssertion(challenge.nonce, assertion, passkey);
  if (!(await passkeys.recordUse(subject, passkey.id, counter, request.now)))
    throw refused('passkey.counter', { event: 'SECURITY' });
  await signIns.forgetAttempts(account);
  request.facts.mfa = 'passkey';
  return { person, enrolment: passkey.enrolment };
};
