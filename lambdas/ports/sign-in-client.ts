import { createHmac } from 'node:crypto';
import {
  AdminInitiateAuthCommand,
  AdminRespondToAuthChallengeCommand,
  type AdminRespondToAuthChallengeCommandOutput,
  AssociateSoftwareTokenCommand,
  type AuthFlowType,
  type ChallengeNameType,
  type CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
  GetTokensFromRefreshTokenCommand,
  RevokeTokenCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { evidenceMember } from './sign-in-evidence.ts';

/** The challenges that the façade passes on; any other ends a sign-in. */
export const challengeNames = ['NEW_PASSWORD_REQUIRED', 'MFA_SETUP', 'SOFTWARE_TOKEN_MFA'] as const;
/** A challenge of a sign-in. */
export type ChallengeName = (typeof challengeNames)[number];

/** A sign-in that needs a further answer; `session` and `username` stay on the server. */
export interface PendingChallenge {
  readonly challenge: ChallengeName;
  readonly username: string;
  readonly session: string;
}

/** Tokens of a finished sign-in; the refresh token stays on the server. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly refreshToken?: string;
}

/** A step's outcome: a further challenge, tokens, or why it was refused, which a person learns of a new password only. */
export type SignInStep =
  | { readonly pending: PendingChallenge }
  | { readonly tokens: IssuedTokens }
  | { readonly refused: 'answer' | 'weak password' };

/** Signing in at the Cognito user pool, step by step. */
export interface SignInClient {
  readonly start: (email: string, password: string) => Promise<SignInStep>;
  /** @param evidence the handle of what the façade has verified, for the token trigger */
  readonly answer: (
    pending: PendingChallenge,
    answer: { readonly newPassword: string } | { readonly code: string },
    evidence?: string,
  ) => Promise<SignInStep>;
  /** Signs in whom the façade has verified by a passkey: Cognito's own challenge takes the evidence of that alone. */
  readonly startVerified: (subject: string, evidence: string) => Promise<SignInStep>;
  /** Begins TOTP enrolment. */
  readonly associate: (session: string) => Promise<{ readonly secret: string; readonly session: string }>;
  /** Verifies a new TOTP device's first code; nothing when it is wrong. */
  readonly verify: (session: string, code: string) => Promise<string | undefined>;
  /** Continues a sign-in; nothing when Cognito refuses. */
  readonly refresh: (refreshToken: string, evidence?: string) => Promise<IssuedTokens | undefined>;
  readonly revoke: (refreshToken: string) => Promise<void>;
  /** An HMAC under the client's secret, for values that only this platform may compute. */
  readonly digest: (label: string, value: string) => Promise<string>;
}

/** Which pool and client. */
export interface SignInClientOptions {
  readonly pool: string;
  readonly client: string;
  readonly cognito: CognitoIdentityProviderClient;
}

const refusals = new Set([
  'NotAuthorizedException',
  'UserNotFoundException',
  'UserNotConfirmedException',
  'PasswordResetRequiredException',
  'UserLambdaValidationException',
  'CodeMismatchException',
  'ExpiredCodeException',
  'EnableSoftwareTokenMFAException',
  'RefreshTokenReuseException',
]);
/** What Cognito says of a new password: against policy or history, or not of its own form, such as with a space at an end. */
const passwordRefusals = new Set([
  'InvalidPasswordException',
  'PasswordHistoryPolicyViolationException',
  'InvalidParameterException',
]);

const isOneOf = (names: ReadonlySet<string>, error: unknown): boolean =>
  error instanceof Error && names.has(error.name);

const orRefused = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await call();
  } catch (error) {
    if (isOneOf(refusals, error)) return undefined;
    throw error;
  }
};

const secretLifeMilliseconds = 300_000;

const metadata = (evidence: string | undefined): { ClientMetadata?: Record<string, string> } =>
  evidence === undefined ? {} : { ClientMetadata: { [evidenceMember]: evidence } };

const stepOf = (
  answer: AdminRespondToAuthChallengeCommandOutput | undefined,
  username: string,
): SignInStep => {
  const { AuthenticationResult: result, ChallengeName, ChallengeParameters, Session } = answer ?? {};
  if (result?.AccessToken !== undefined)
    return {
      tokens: {
        accessToken: result.AccessToken,
        expiresIn: result.ExpiresIn ?? 0,
        ...(result.RefreshToken !== undefined && { refreshToken: result.RefreshToken }),
      },
    };
  const challenge = challengeNames.find((known) => known === ChallengeName);
  if (challenge === undefined || Session === undefined) return { refused: 'answer' };
  return {
    pending: { challenge, session: Session, username: ChallengeParameters?.USER_ID_FOR_SRP ?? username },
  };
};

/** The user pool through a confidential client with admin-only flows, whose secret is read from Cognito itself. */
export const signInClient = ({ pool, client, cognito }: SignInClientOptions): SignInClient => {
  let secret: Promise<string> | undefined;
  let secretUntil = 0;

  const readSecret = async (): Promise<string> => {
    const { UserPoolClient } = await cognito.send(
      new DescribeUserPoolClientCommand({ UserPoolId: pool, ClientId: client }),
    );
    if (!UserPoolClient?.ClientSecret) throw new Error('the sign-in client has no secret');
    return UserPoolClient.ClientSecret;
  };
  const clientSecret = (): Promise<string> => {
    if (secret === undefined || Date.now() > secretUntil) {
      secretUntil = Date.now() + secretLifeMilliseconds;
      secret = readSecret().catch((error: unknown) => {
        secret = undefined;
        throw error;
      });
    }
    return secret;
  };
  const secretHash = async (username: string): Promise<string> =>
    createHmac('sha256', await clientSecret())
      .update(`${username}${client}`)
      .digest('base64');

  const initiate = (flow: AuthFlowType, username: string, parameters: Record<string, string> = {}) =>
    orRefused(async () =>
      cognito.send(
        new AdminInitiateAuthCommand({
          UserPoolId: pool,
          ClientId: client,
          AuthFlow: flow,
          AuthParameters: { USERNAME: username, SECRET_HASH: await secretHash(username), ...parameters },
        }),
      ),
    );
  const respond = async (
    challenge: ChallengeNameType,
    session: string | undefined,
    username: string,
    evidence: string | undefined,
    responses: Record<string, string>,
  ): Promise<SignInStep> => {
    const answer = await orRefused(async () =>
      cognito.send(
        new AdminRespondToAuthChallengeCommand({
          UserPoolId: pool,
          ClientId: client,
          ChallengeName: challenge,
          Session: session,
          ...metadata(evidence),
          ChallengeResponses: {
            USERNAME: username,
            SECRET_HASH: await secretHash(username),
            ...responses,
          },
        }),
      ),
    );
    return stepOf(answer, username);
  };

  return {
    start: async (email, password) => {
      return stepOf(await initiate('ADMIN_USER_PASSWORD_AUTH', email, { PASSWORD: password }), email);
    },
    answer: async ({ challenge, username, session }, given, evidence) => {
      try {
        return await respond(challenge, session, username, evidence, {
          ...('newPassword' in given && { NEW_PASSWORD: given.newPassword }),
          ...('code' in given &&
            challenge === 'SOFTWARE_TOKEN_MFA' && { SOFTWARE_TOKEN_MFA_CODE: given.code }),
        });
      } catch (error) {
        if ('newPassword' in given && isOneOf(passwordRefusals, error)) return { refused: 'weak password' };
        throw error;
      }
    },
    startVerified: async (subject, evidence) => {
      const begun = await initiate('CUSTOM_AUTH', subject);
      if (begun?.ChallengeName !== 'CUSTOM_CHALLENGE') return { refused: 'answer' };
      return respond('CUSTOM_CHALLENGE', begun.Session, subject, evidence, { ANSWER: evidence });
    },
    associate: async (session) => {
      const { SecretCode, Session } = await cognito.send(
        new AssociateSoftwareTokenCommand({ Session: session }),
      );
      if (SecretCode === undefined || Session === undefined) throw new Error('no TOTP secret was given');
      return { secret: SecretCode, session: Session };
    },
    verify: async (session, code) => {
      const answer = await orRefused(() =>
        cognito.send(new VerifySoftwareTokenCommand({ Session: session, UserCode: code })),
      );
      return answer?.Status === 'SUCCESS' ? answer.Session : undefined;
    },
    refresh: async (refreshToken, evidence) => {
      const answer = await orRefused(async () =>
        cognito.send(
          new GetTokensFromRefreshTokenCommand({
            ClientId: client,
            ClientSecret: await clientSecret(),
            RefreshToken: refreshToken,
            ...metadata(evidence),
          }),
        ),
      );
      const step = stepOf(answer, '');
      return 'tokens' in step ? step.tokens : undefined;
    },
    revoke: async (refreshToken) => {
      await cognito.send(
        new RevokeTokenCommand({ ClientId: client, ClientSecret: await clientSecret(), Token: refreshToken }),
      );
    },
    digest: async (label, value) =>
      createHmac('sha256', await clientSecret())
        .update(`chartlock/${label}\n${value}`)
        .digest('base64url'),
  };
};
