import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { Run } from './run.ts';
import { passkeyChallengeAnswer } from './sign-in-answer.ts';

/** Starts a sign-in with a passkey: whoever asks is not known yet, and learns nothing of anybody. */
export const challengePasskey: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: (request, _fetched, ports) => passkeyChallengeAnswer(request, {}, ports),
};
