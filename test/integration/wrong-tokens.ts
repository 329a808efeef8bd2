import { createHmac, createPublicKey } from 'node:crypto';
import type { AuthenticationResultType } from '@aws-sdk/client-cognito-identity-provider';
import {
  AdminCreateUserCommand,
  AdminInitiateAuthCommand,
  AdminRespondToAuthChallengeCommand,
  AdminSetUserPasswordCommand,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  DeleteUserPoolClientCommand,
  DeleteUserPoolCommand,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import type { JWK } from 'jose';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import type { Clinic, Person } from './clinic.ts';
import { output } from './clinic.ts';
import { oneTimeCode } from './one-time-code.ts';

interface Tokens {
  readonly access: string;
  readonly id: string;
}

const tokensOf = (result: AuthenticationResultType | undefined): Tokens => {
  if (!result?.AccessToken || !result.IdToken) throw new Error('Cognito gave no tokens');
  return { access: result.AccessToken, id: result.IdToken };
};

/** Signs a person in at Cognito itself, with an administrator's rights, past the sign-in façade. */
const signInDirectly = async (
  { cloud, runtime }: Clinic,
  { credentials }: Person,
  clientId: string,
): Promise<Tokens> => {
  const UserPoolId = output(runtime, 'identity', 'UserPoolId');
  const { email, password, totpSecret } = credentials;
  const { UserPoolClient } = await cloud.cognito.send(
    new DescribeUserPoolClientCommand({ UserPoolId, ClientId: clientId }),
  );
  const secret = UserPoolClient?.ClientSecret;
  const proof: Record<string, string> = secret
    ? { SECRET_HASH: createHmac('sha256', secret).update(`${email}${clientId}`).digest('base64') }
    : {};
  const { ChallengeName, Session } = await cloud.cognito.send(
    new AdminInitiateAuthCommand({
      UserPoolId,
      ClientId: clientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: email, PASSWORD: password, ...proof },
    }),
  );
  const { AuthenticationResult } = await cloud.cognito.send(
    new AdminRespondToAuthChallengeCommand({
      UserPoolId,
      ClientId: clientId,
      ChallengeName,
      Session,
      ChallengeResponses: {
        USERNAME: email,
        SOFTWARE_TOKEN_MFA_CODE: await oneTimeCode(totpSecret),
        ...proof,
      },
    }),
  );
  return tokensOf(AuthenticationResult);
};

const fromOtherClient = async (clinic: Clinic, person: Person): Promise<Tokens> => {
  const { cognito } = clinic.cloud;
  const UserPoolId = output(clinic.runtime, 'identity', 'UserPoolId');
  const { UserPoolClient } = await cognito.send(
    new CreateUserPoolClientCommand({
      UserPoolId,
      ClientName: 'integration-test',
      ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH'],
    }),
  );
  const ClientId = UserPoolClient?.ClientId ?? '';
  try {
    return await signInDirectly(clinic, person, ClientId);
  } finally {
    await cognito.send(new DeleteUserPoolClientCommand({ UserPoolId, ClientId }));
  }
};

const fromOtherPool = async ({ cloud: { cognito } }: Clinic): Promise<Tokens> => {
  const { UserPool } = await cognito.send(new CreateUserPoolCommand({ PoolName: 'integration-test' }));
  const UserPoolId = UserPool?.Id ?? '';
  try {
    const { UserPoolClient } = await cognito.send(
      new CreateUserPoolClientCommand({
        UserPoolId,
        ClientName: 'integration-test',
        ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH'],
      }),
    );
    const [Username, Password] = ['someone', `Synthetic-${crypto.randomUUID()}-A1!`];
    await cognito.send(
      new AdminCreateUserCommand({
        UserPoolId,
        Username,
        TemporaryPassword: Password,
        MessageAction: 'SUPPRESS',
      }),
    );
    await cognito.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));
    const { AuthenticationResult } = await cognito.send(
      new AdminInitiateAuthCommand({
        UserPoolId,
        ClientId: UserPoolClient?.ClientId ?? '',
        AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: Username, PASSWORD: Password },
      }),
    );
    return tokensOf(AuthenticationResult);
  } finally {
    await cognito.send(new DeleteUserPoolCommand({ UserPoolId }));
  }
};

const tamperedWith = (token: string): string => {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'));
  const raised = Buffer.from(JSON.stringify({ ...claims, role: 'admin' })).toString('base64url');
  return [header, raised, signature].join('.');
};

/** RS256 taken for HS256: signed with the issuer's public key as if that were a shared secret. */
const confused = async ({ runtime }: Clinic, claims: ReturnType<typeof decodeJwt>): Promise<string> => {
  const pool = output(runtime, 'identity', 'UserPoolId');
  const answer = await fetch(`${runtime.emulator.endpoint}/${pool}/.well-known/jwks.json`);
  const [jwk] = ((await answer.json()) as { keys: JWK[] }).keys;
  const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', ...(jwk?.kid && { kid: jwk.kid }) })
    .sign(Buffer.from(pem));
};

/**
 * Tokens that must open nothing, by what is wrong with them: each is what a confused or hostile client could really
 * send (requirement B5).
 */
export const wrongTokens = async (clinic: Clinic): Promise<ReadonlyMap<string, string>> => {
  const [person, another] = await Promise.all([clinic.join('provider'), clinic.join('provider')]);
  const own = await signInDirectly(clinic, person, output(clinic.runtime, 'identity', 'SignInClientId'));
  const claims = decodeJwt(own.access);
  return new Map([
    ['an id token', own.id],
    ['another client’s access token', (await fromOtherClient(clinic, another)).access],
    ['another pool’s access token', (await fromOtherPool(clinic)).access],
    ['a token without a signature', new UnsecuredJWT(claims).encode()],
    ['a token signed with the public key', await confused(clinic, claims)],
    ['a token with other claims than were signed', tamperedWith(own.access)],
    ['a token cut short', own.access.slice(0, -20)],
    ['a refresh handle', person.refreshToken],
    ['three words', 'not.a.token'],
  ]);
};
