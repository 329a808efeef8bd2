import type { KeyObject } from 'node:crypto';
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { oneTimeCode } from './one-time-code.ts';
import { runtimeDirectory } from './saved-state.ts';

/** Signs what a compact token begins with. */
export type Signature = (input: string) => Buffer;

/** What differs from a good token; a member that is undefined is left out. */
export interface Changes {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** @default RS256 with the key by which the pool signs access tokens */
  readonly signature?: Signature;
}

/** What tokens are made of: good ones of other kinds, and the means to make any. */
export interface TokenBench {
  /** The claims of a provider's own access token, which is good. */
  readonly claims: JWTPayload;
  /** The provider's token with changes; without any it is as good as the real one. */
  readonly token: (changes?: Changes) => string;
  /** The pool's private key for access tokens, which the emulator keeps on disk. */
  readonly poolKey: KeyObject;
  /** The pool's public key for access tokens, as anybody can build it from the JWKS. */
  readonly publicKey: string;
  /** The id of the pool's key for id tokens. */
  readonly otherKeyId: string;
  /** Tokens as Cognito issued them. */
  readonly issued: {
    readonly access: string;
    readonly id: string;
    readonly otherClient: string;
    readonly otherPool: string;
    /** Of a session that was signed out. */
    readonly ended: string;
    /** Of another provider. */
    readonly another: string;
  };
  readonly refreshHandle: string;
  readonly otherTenant: string;
  /** Ids of registered clients. */
  readonly clients: {
    readonly app: string;
    readonly removedApp: string;
    readonly machine: string;
    /** A machine that has registered a certificate. */
    readonly partner: string;
    readonly otherTenantsApp: string;
    readonly otherTenantsMachine: string;
  };
}

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

const register = async (
  { administer }: Pick<Clinic, 'administer'>,
  kind: 'apps' | 'machines',
  change: object = {},
): Promise<string> => {
  const common = { name: 'Synthetic client' };
  const body =
    kind === 'apps'
      ? {
          ...common,
          kind: 'public',
          redirectUris: ['https://app.example/callback'],
          scopes: ['user/Patient.r'],
        }
      : { ...common, scopes: ['system/Patient.r'] };
  const made = await administer({
    method: 'POST',
    path: `/identity/v1/${kind}`,
    body: { ...body, ...change },
  });
  return String(expectStatus(made, 201).body.id);
};

const registeredClients = async (own: Clinic, other: Clinic): Promise<TokenBench['clients']> => {
  const removedApp = await register(own, 'apps');
  const removal = await own.administer({ method: 'DELETE', path: `/identity/v1/apps/${removedApp}` });
  expectStatus(removal, 204);
  return {
    removedApp,
    app: await register(own, 'apps'),
    machine: await register(own, 'machines'),
    partner: await register(own, 'machines', { certificate: 'A'.repeat(43) }),
    otherTenantsApp: await register(other, 'apps'),
    otherTenantsMachine: await register(other, 'machines'),
  };
};

const poolKeyOf = ({ runtime }: Clinic): KeyObject => {
  const file = `${output(runtime, 'identity', 'UserPoolId')}-access.pem`;
  return createPrivateKey(readFileSync(join(runtimeDirectory(runtime), 'state', 'cognito-pool-keys', file)));
};

/** The parts of a compact token, each in base64url. */
export const parts = (token: string): readonly [header: string, claims: string, signature: string] => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, claims, signature];
};

/** A part of a compact token. */
export const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An RSA signature with PKCS #1 padding (RFC 7518, 3.3). */
export const rsa =
  (digest: 'sha256' | 'sha384' | 'sha512', key: KeyObject): Signature =>
  (input) =>
    sign(digest, Buffer.from(input), key);

const idOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64');

/** Prepares what the wrong tokens of a table need, with people and clients of its own. */
export const openTokenBench = async (clinic: Clinic): Promise<TokenBench> => {
  const [person, another, leaver, directly, elsewhere, otherClinic] = await Promise.all([
    clinic.join('provider'),
    clinic.join('provider'),
    clinic.join('provider'),
    clinic.join('provider'),
    clinic.join('provider'),
    openClinic(clinic.runtime),
  ]);
  const own = await signInDirectly(clinic, directly, output(clinic.runtime, 'identity', 'SignInClientId'));
  const otherClient = await fromOtherClient(clinic, elsewhere);
  const otherPool = await fromOtherPool(clinic);
  expectStatus(await leaver.send({ method: 'POST', path: '/identity/v1/auth/logout' }), 204);

  const poolKey = poolKeyOf(clinic);
  const publicKey = createPublicKey(poolKey);
  const header = decodeProtectedHeader(person.accessToken) as JWTHeaderParameters;
  if (header.kid !== idOf(publicKey))
    throw new Error('the emulated pool signs with another key than it keeps');
  const claims = decodeJwt(person.accessToken);
  return {
    claims,
    poolKey,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    otherKeyId: decodeProtectedHeader(own.id).kid ?? '',
    token: ({ signature = rsa('sha256', poolKey), ...changes } = {}) => {
      const input = `${encoded({ ...header, ...changes.header })}.${encoded({ ...claims, ...changes.claims })}`;
      return `${input}.${signature(input).toString('base64url')}`;
    },
    issued: {
      access: person.accessToken,
      id: own.id,
      otherClient: otherClient.access,
      otherPool: otherPool.access,
      ended: leaver.accessToken,
      another: another.accessToken,
    },
    refreshHandle: person.refreshToken,
    otherTenant: otherClinic.tenant,
    clients: await registeredClients(clinic, otherClinic),
  };
};
