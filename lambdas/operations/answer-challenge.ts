import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { Assertion } from '../ports/relying-party.ts';
import type { SessionKey } from '../ports/session-store.ts';
import type { IssuedTokens, SignInStep } from '../ports/sign-in-client.ts';
import type { CognitoChallenge, PasskeyChallenge } from '../ports/sign-in-store.ts';
import { revokeToken } from './end-session.ts';
import { demandNoPasskey } from './passkey-session.ts';
import type { OperationRequest, OperationResult, Run } from './run.ts';
import { challengeAnswer, nameOwner, signedInAnswer, steppedUpAnswer } from './sign-in-answer.ts';
import { verifyPasskey } from './verify-passkey.ts';

type ChallengeAnswer = { readonly session: string } & (
  | { readonly challenge: 'NEW_PASSWORD_REQUIRED'; readonly newPassword: string }
  | { readonly challenge: 'MFA_SETUP' | 'SOFTWARE_TOKEN_MFA'; readonly code: string }
  | { readonly challenge: 'PASSKEY'; readonly credential: Assertion }
);

/**
 * Evidence that holds only if Cognito accepts the code, for otherwise it issues no token. At a step-up there is none: the
 * tokens that Cognito gives then are thrown away.
 */
const totpEvidence = async (
  { subject, within }: CognitoChallenge,
  now: Date,
  { evidence }: IdentityPorts,
): Promise<string | undefined> =>
  within === undefined ? evidence.record({ subject, factor: 'totp' }, now) : undefined;

/**
 * Finishes TOTP enrolment, of whom none is enrolled yet: a second device must not take the place of the first. It is recorded
 * in the directory before tokens are asked for, because the trigger that gives them their scopes reads it there: no token that
 * was issued before has a scope for health information. A sign-in that began before a reset of factors enrols nothing.
 */
const enrol = async (
  challenge: CognitoChallenge,
  code: string,
  ports: IdentityPorts,
): Promise<SignInStep> => {
  const { subject, begunAt } = challenge;
  const enrolled = new ApiError('invalid-challenge', { policy: 'totp.enrolled' });
  if ((await ports.directory.principal(subject))?.mfaEnrolledAt !== undefined) throw enrolled;
  const session = await ports.signIn.verify(challenge.session, code);
  if (session === undefined) return { refused: 'answer' };
  const now = new Date();
  if (!(await ports.directory.recordEnrolment(subject, now, new Date(begunAt)))) throw enrolled;
  return ports.signIn.answer({ ...challenge, session }, { code }, await totpEvidence(challenge, now, ports));
};

/** Has Cognito verify a code, which is used up whatever comes of it. */
const verifyCode = async (
  request: OperationRequest,
  challenge: CognitoChallenge,
  code: string,
  ports: IdentityPorts,
): Promise<SignInStep> => {
  const used = await ports.signIn.digest('code', `${challenge.subject}\n${code}`);
  if (!(await ports.signIns.useCode(used, request.now)))
    throw new ApiError('invalid-challenge', { policy: 'totp.used' });
  return challenge.challenge === 'MFA_SETUP'
    ? enrol(challenge, code, ports)
    : ports.signIn.answer(challenge, { code }, await totpEvidence(challenge, new Date(), ports));
};

const refuse = async (
  { refused }: Extract<SignInStep, { readonly refused: unknown }>,
  account: string,
  ports: IdentityPorts,
): Promise<never> => {
  if (refused === 'answer') throw new ApiError('invalid-challenge');
  await ports.signIns.forgiveAttempt(account);
  throw new ApiError('weak-password');
};

/**
 * The enrolment that an accepted code stands for. It is recorded now when it was made at managed login, or when recording it
 * failed; not after a reset of factors, which demands another one.
 */
const enrolmentBehind = async (
  subject: string,
  { directory }: IdentityPorts,
): Promise<string | undefined> => {
  const known = (await directory.principal(subject))?.mfaEnrolledAt;
  if (known !== undefined) return known;
  const at = new Date();
  return (await directory.recordEnrolment(subject, at)) ? at.toISOString() : undefined;
};

/** Ends a step-up whose code Cognito has accepted; the tokens are of no use. */
const finishStepUp = async (
  request: OperationRequest,
  within: SessionKey,
  { refreshToken }: IssuedTokens,
  ports: IdentityPorts,
): Promise<OperationResult> => {
  await revokeToken(refreshToken, ports);
  await demandNoPasskey(within.subject, ports);
  return steppedUpAnswer(request, { within, factor: 'totp' }, ports);
};

/** Ends a sign-in whose code Cognito has accepted. */
const finishSignIn = async (
  request: OperationRequest,
  { subject, tenant, role }: CognitoChallenge,
  tokens: IssuedTokens,
  ports: IdentityPorts,
): Promise<OperationResult> => {
  const enrolment = await enrolmentBehind(subject, ports);
  if (enrolment === undefined) {
    await revokeToken(tokens.refreshToken, ports);
    throw new ApiError('invalid-challenge', { policy: 'totp.reset' });
  }
  const owner = { subject, tenant, role };
  return signedInAnswer(request, { tokens, owner, factor: 'totp', enrolment }, ports);
};

const finish = async (
  request: OperationRequest,
  challenge: CognitoChallenge,
  tokens: IssuedTokens,
  ports: IdentityPorts,
): Promise<OperationResult> => {
  const { account, within } = challenge;
  const answer =
    within === undefined
      ? await finishSignIn(request, challenge, tokens, ports)
      : await finishStepUp(request, within, tokens, ports);
  await ports.signIns.forgetAttempts(account);
  return answer;
};

const answerCognito = async (
  request: OperationRequest,
  challenge: CognitoChallenge,
  answer: Exclude<ChallengeAnswer, { readonly challenge: 'PASSKEY' }>,
  ports: IdentityPorts,
): Promise<OperationResult> => {
  const { account, begunAt, subject, tenant, role } = challenge;
  await ports.signIns.countAttempt(account, request.now);
  const step =
    'code' in answer
      ? await verifyCode(request, challenge, answer.code, ports)
      : await ports.signIn.answer(challenge, { newPassword: answer.newPassword });
  if ('refused' in step) return refuse(step, account, ports);
  if ('tokens' in step) {
    if ('code' in answer) return finish(request, challenge, step.tokens, ports);
    await revokeToken(step.tokens.refreshToken, ports);
    throw new ApiError('invalid-challenge', { policy: 'sign-in.factor' });
  }
  if (challenge.within !== undefined) throw new ApiError('invalid-challenge');
  await ports.signIns.forgiveAttempt(account);
  return challengeAnswer(
    request,
    { pending: step.pending, owner: { subject, tenant, role }, account, begunAt },
    ports,
  );
};

/** Verifies a passkey ourselves; Cognito then gives tokens on the evidence of that. */
const answerPasskey = async (
  request: OperationRequest,
  challenge: PasskeyChallenge,
  assertion: Assertion,
  ports: IdentityPorts,
): Promise<OperationResult> => {
  const { person: owner, enrolment } = await verifyPasskey(request, challenge, assertion, ports);
  const factor = 'passkey';
  if (challenge.within !== undefined)
    return steppedUpAnswer(request, { within: challenge.within, factor }, ports);
  const { subject } = owner;
  const evidence = await ports.evidence.record({ subject, factor }, new Date());
  const step = await ports.signIn.startVerified(subject, evidence);
  if (!('tokens' in step)) throw new ApiError('invalid-challenge', { policy: 'passkey.pool' });
  return signedInAnswer(request, { tokens: step.tokens, owner, factor, enrolment }, ports);
};

/** Answers a challenge; the handle is good for one answer, right or wrong. */
export const answerChallenge: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const answer = request.body as ChallengeAnswer;
    request.facts.mfa = 'none';
    const challenge = await ports.signIns.takeChallenge(answer.session, request.now);
    const owner = challenge === undefined || 'subject' in challenge ? challenge : challenge.within;
    if (owner !== undefined) nameOwner(request, owner);
    if (challenge?.challenge === 'PASSKEY' && answer.challenge === 'PASSKEY')
      return answerPasskey(request, challenge, answer.credential, ports);
    if (challenge === undefined || !('account' in challenge) || answer.challenge !== challenge.challenge)
      throw new ApiError('invalid-challenge');
    return answerCognito(request, challenge, answer, ports);
  },
};
