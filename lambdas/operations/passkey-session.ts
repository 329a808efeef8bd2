import { ApiError } from '../domain/api-error.ts';
import { originOf } from '../domain/client-description.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { ownFactors } from './own-factors.ts';
import type { OperationRequest } from './run.ts';
import { sessionOf } from './through-facade.ts';

/** What is demanded of whom a password and a TOTP code are not enough: a passkey (RFC 9470 §3). */
const passkeyRequired = (policy: string): ApiError =>
  new ApiError('step-up-required', {
    policy,
    headers: {
      'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="passkey"',
    },
  });

/**
 * Demands that a passkey was verified in the caller's session. Otherwise whoever has a password and a TOTP device could put
 * a passkey of their own in the place of the person's (requirement B1).
 * @throws ApiError `step-up-required` when none was.
 */
export const demandPasskeySession = async (
  request: OperationRequest,
  principal: Principal,
  { sessions }: Pick<IdentityPorts, 'sessions'>,
): Promise<void> => {
  const { factor } = await sessions.checkContinued(sessionOf(principal), request.now, originOf(request));
  if (factor !== 'passkey') throw passkeyRequired('passkeys.session');
};

/**
 * Demands that a person has no passkey, by which they would have to authenticate.
 * @throws ApiError `step-up-required` when there is one.
 */
export const demandNoPasskey = async (
  subject: string,
  ports: Pick<IdentityPorts, 'directory' | 'passkeys'>,
): Promise<void> => {
  const { passkeys } = await ownFactors(subject, ports);
  if (passkeys.length > 0) throw passkeyRequired('step-up.passkey');
};
