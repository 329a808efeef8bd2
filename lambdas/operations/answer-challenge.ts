import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { ChallengeName, SignInStep } from '../ports/sign-in-client.ts';
import type { StoredChallenge } from '../ports/sign-in-store.ts';
import type { Run } from './run.ts';
import { challengeAnswer, nameOwner, signedInAnswer } from './sign-in-answer.ts';

interface ChallengeAnswer {
  readonly challenge: ChallengeName;
  readonly session: string;
  readonly newPassword?: string;
  readonly code?: string;
}

/** Evidence that holds only if Cognito accepts the code, for otherwise it issues no token. */
const totpEvidence = (
  { subject }: StoredChallenge,
  now: Date,
  { evidence }: IdentityPorts,
): Promise<string> => evidence.record({ subject, factor: 'totp' }, now);

/**
 * Finishes TOTP enrolment. It is recorded in the directory before tokens are asked for, because the trigger that gives them
 * their scopes reads it there: no token that was issued before has a scope for health information.
 */
const enrol = async (challenge: StoredChallenge, code: string, ports: IdentityPorts): Promise<SignInStep> => {
  const session = await ports.signIn.verify(challenge.session, code);
  if (session === undefined) return { refused: true };
  const now = new Date();
  await ports.directory.recordEnrolment(challenge.subject, now);
  return ports.signIn.answer({ ...challenge, session }, { code }, await totpEvidence(challenge, now, ports));
};

const stepOf = async (
  challenge: StoredChallenge,
  { newPassword, code = '' }: ChallengeAnswer,
  ports: IdentityPorts,
): Promise<SignInStep> => {
  if (newPassword !== undefined) return ports.signIn.answer(challenge, { newPassword });
  return challenge.challenge === 'MFA_SETUP'
    ? enrol(challenge, code, ports)
    : ports.signIn.answer(challenge, { code }, await totpEvidence(challenge, new Date(), ports));
};

/** Answers a challenge; the handle is good for one answer, right or wrong. */
export const answerChallenge: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const answer = request.body as ChallengeAnswer;
    const challenge = await ports.signIns.takeChallenge(answer.session, request.now);
    if (challenge === undefined) throw new ApiError('invalid-challenge');
    nameOwner(request, challenge);
    if (challenge.challenge !== answer.challenge) throw new ApiError('invalid-challenge');
    const { account, subject, tenant, role } = challenge;
    await ports.signIns.countAttempt(account, request.now);
    const step = await stepOf(challenge, answer, ports);
    if ('refused' in step) throw new ApiError('invalid-challenge');
    const owner = { subject, tenant, role };
    if ('tokens' in step) return signedInAnswer(request, { tokens: step.tokens, owner, account }, ports);
    await ports.signIns.forgiveAttempt(account);
    return challengeAnswer(request, { pending: step.pending, owner, account }, ports);
  },
};
