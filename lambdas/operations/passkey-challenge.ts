import type {
  CreateAuthChallengeTriggerEvent,
  DefineAuthChallengeTriggerEvent,
  VerifyAuthChallengeResponseTriggerEvent,
} from 'aws-lambda';
import type { SignInEvidence } from '../ports/sign-in-evidence.ts';

/** What Cognito asks of a sign-in by a challenge of ours. */
export type ChallengeEvent =
  | DefineAuthChallengeTriggerEvent
  | CreateAuthChallengeTriggerEvent
  | VerifyAuthChallengeResponseTriggerEvent;

/** What the trigger needs. */
export interface PasskeyChallengePorts {
  readonly evidence: Pick<SignInEvidence, 'factor'>;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

/** One challenge, and tokens if its answer was right: no second try, and no other way in. */
const next = ({
  session,
  userNotFound,
}: DefineAuthChallengeTriggerEvent['request']): DefineAuthChallengeTriggerEvent['response'] => {
  const [answered, another] = session;
  const isRight = answered?.challengeName === 'CUSTOM_CHALLENGE' && answered.challengeResult === true;
  const fails = userNotFound === true || another !== undefined || (answered !== undefined && !isRight);
  return {
    challengeName: 'CUSTOM_CHALLENGE',
    issueTokens: !fails && isRight,
    failAuthentication: fails,
  };
};

/**
 * Cognito's triggers for a sign-in by passkey. The façade has verified it; the answer to the challenge is the handle of its
 * evidence, which must be of a passkey, of this very person and of this minute (design.md §4).
 */
export const passkeyChallenge =
  ({ evidence, clock = () => new Date() }: PasskeyChallengePorts) =>
  async (event: ChallengeEvent): Promise<ChallengeEvent> => {
    switch (event.triggerSource) {
      case 'DefineAuthChallenge_Authentication':
        return { ...event, response: next(event.request) };
      case 'CreateAuthChallenge_Authentication':
        return {
          ...event,
          response: {
            publicChallengeParameters: {},
            privateChallengeParameters: {},
            challengeMetadata: 'PASSKEY',
          },
        };
      case 'VerifyAuthChallengeResponse_Authentication': {
        const { userAttributes, challengeAnswer } = event.request;
        const factor = await evidence.factor(challengeAnswer, userAttributes.sub ?? '', clock());
        return { ...event, response: { answerCorrect: factor === 'passkey' } };
      }
    }
  };
