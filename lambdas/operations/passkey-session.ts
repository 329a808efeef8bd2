import { ApiError } from '../domain/api-error.ts';
import { originOf } from '../domain/client-description.ts';
import type { Principal } from '../domain/principal.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { OperationRequest } from './run.ts';
import { sessionOf } from './through-facade.ts';

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
  if (factor !== 'passkey')
    throw new ApiError('step-up-required', {
      policy: 'passkeys.session',
      headers: {
        'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="passkey"',
      },
    });
};
