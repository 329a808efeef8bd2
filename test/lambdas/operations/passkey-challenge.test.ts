import { describe, expect, test } from 'vitest';
import type { Factor } from '../../../lambdas/domain/directory-entry.ts';
import { type ChallengeEvent, passkeyChallenge } from '../../../lambdas/operations/passkey-challenge.ts';

const now = new Date('2026-11-22T10:00:00Z');
const subject = '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11';

const ask = async (source: string, request: object, factor?: Factor) => {
  const asked: unknown[] = [];
  const trigger = passkeyChallenge({
    clock: () => now,
    evidence: {
      factor: async (...given) => {
        asked.push(given);
        return factor;
      },
    },
  });
  const event = { triggerSource: `${source}_Authentication`, request, response: {} };
  const { response } = await trigger(event as unknown as ChallengeEvent);
  return { response, asked };
};

describe('the next step of a sign-in by passkey', () => {
  const right = { challengeName: 'CUSTOM_CHALLENGE', challengeResult: true, challengeMetadata: 'PASSKEY' };
  const next = async (session: readonly object[], more: object = {}) =>
    (await ask('DefineAuthChallenge', { session, ...more })).response;

  test('is the challenge', async () => {
    expect(await next([])).toEqual({
      challengeName: 'CUSTOM_CHALLENGE',
      issueTokens: false,
      failAuthentication: false,
    });
  });

  test('is tokens when its answer was right', async () => {
    expect(await next([right])).toMatchObject({ issueTokens: true, failAuthentication: false });
  });

  test.each<[string, readonly object[], object]>([
    ['a wrong answer', [{ ...right, challengeResult: false }], {}],
    ['a wrong answer and a right one', [{ ...right, challengeResult: false }, right], {}],
    ['two right answers', [right, right], {}],
    ['another challenge', [{ ...right, challengeName: 'PASSWORD_VERIFIER' }], {}],
    ['somebody unknown', [], { userNotFound: true }],
    ['somebody unknown with a right answer', [right], { userNotFound: true }],
  ])('is refusal after %s', async (_name, session, more) => {
    expect(await next(session, more)).toMatchObject({ issueTokens: false, failAuthentication: true });
  });
});

test('the challenge says nothing', async () => {
  expect((await ask('CreateAuthChallenge', { session: [] })).response).toEqual({
    publicChallengeParameters: {},
    privateChallengeParameters: {},
    challengeMetadata: 'PASSKEY',
  });
});

test.each<[Factor | undefined, boolean]>([
  ['passkey', true],
  ['totp', false],
  [undefined, false],
])('an answer whose evidence is of %s is right: %s', async (factor, answerCorrect) => {
  const request = { userAttributes: { sub: subject }, challengeAnswer: 'handle' };
  expect(await ask('VerifyAuthChallengeResponse', request, factor)).toEqual({
    response: { answerCorrect },
    asked: [['handle', subject, now]],
  });
});
