import { createHmac } from 'node:crypto';
import {
  AdminInitiateAuthCommand,
  AdminRespondToAuthChallengeCommand,
  type AdminRespondToAuthChallengeCommandOutput,
  AssociateSoftwareTokenCommand,
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

/** A step's outcome: a further challenge, tokens, or nothing when the person was refused, for whatever reason. */
export type SignInStep =
  | { readonly pending: PendingChallenge }
  | { readonly tokens: IssuedTokens }
  | { readonly refused: true };

/** Signing in at the Cognito user pool, step by step. */
export interface SignInClient {
  readonly start: (email: string, password: string) => Promise<SignInStep>;
  /** @param evidence the handle of what the façade has verified, for the token trigger */
  readonly answer: (
    pending: PendingChallenge,
    answer: { readonly newPassword: string } | { readonly code: string },
    evidence?: string,
  ) => Promise<SignInStep>;
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
  'InvalidPasswordException',
  'PasswordHistoryPolicyViolationException',
  'RefreshTokenReuseException',
]);

const orRefused = async <T>(call: () => Promise<T>, also?: string): Promise<T | undefined> => {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && (refusals.has(error.name) || error.name === also)) return undefined;
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
  if (challenge === undefined || Session === undefined) return { refused: true };
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

  return {
    start: async (email, password) => {
      const answer = await orRefused(async () =>
        cognito.send(
          new AdminInitiateAuthCommand({
            UserPoolId: pool,
            ClientId: client,
            AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
            AuthParameters: { USERNAME: email, PASSWORD: password, SECRET_HASH: await secretHash(email) },
          }),
        ),
      );
      return stepOf(answer, email);
    },
    answer: async ({ challenge, username, session }, given, evidence) => {
      const answer = await orRefused(
        async () =>
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
                ...('newPassword' in given && { NEW_PASSWORD: given.newPassword }),
                ...('code' in given &&
                  challenge === 'SOFTWARE_TOKEN_MFA' && { SOFTWARE_TOKEN_MFA_CODE: given.code }),
              },
            }),
          ),
        // A new password that Cognito's own form refuses, such as one with a space at an end.
        'InvalidParameterException',
      );
      return stepOf(answer, username);
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
