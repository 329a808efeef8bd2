import {
  AddUserPoolClientSecretCommand,
  type CognitoIdentityProviderClient,
  CreateManagedLoginBrandingCommand,
  CreateUserPoolClientCommand,
  type CreateUserPoolClientCommandInput,
  DeleteUserPoolClientCommand,
  DeleteUserPoolClientSecretCommand,
  ListUserPoolClientSecretsCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import type { ClientKind, DirectoryClient } from '../domain/directory-entry.ts';

/** A client that Cognito has made. */
export interface AppClient {
  readonly client: string;
  /** Only of those that keep one. */
  readonly secret?: string;
}

/** One of the two secrets that a client can have, without its value. */
export interface ClientSecret {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** What a new client may be, before it has an id. */
export type ClientRequest = Pick<DirectoryClient, 'tenant' | 'kind' | 'scopes' | 'redirectUris'>;

/** The clients of the Cognito user pool: what can ask for tokens. Whose they are is the directory's to say. */
export interface AppClients {
  readonly create: (request: ClientRequest) => Promise<AppClient>;
  /** Removes a client; one that is not there is removed already. */
  readonly remove: (client: string) => Promise<void>;
  readonly secrets: (client: string) => Promise<readonly ClientSecret[]>;
  /** Gives a client a second secret; nothing when it has two. */
  readonly addSecret: (
    client: string,
  ) => Promise<{ readonly id: string; readonly secret: string } | undefined>;
  /** Removes a secret; one that is not there is removed already. */
  readonly removeSecret: (client: string, secret: string) => Promise<void>;
}

/** Seconds in which a rotated refresh token may be used again by a client that did not get the answer. */
const refreshGrace = 10;

type Flows = Pick<
  CreateUserPoolClientCommandInput,
  | 'GenerateSecret'
  | 'AllowedOAuthFlows'
  | 'CallbackURLs'
  | 'ExplicitAuthFlows'
  | 'RefreshTokenRotation'
  | 'SupportedIdentityProviders'
>;

/**
 * People sign in to an application by managed login, which needs one flow of the pool's. The application itself cannot use
 * that flow: the firewall before the user pool lets nobody but the façade call the API. A machine has no flow by which a
 * person could sign in.
 */
const flowsOf = (kind: ClientKind, redirectUris: readonly string[]): Flows =>
  kind === 'machine'
    ? {
        GenerateSecret: true,
        AllowedOAuthFlows: ['client_credentials'],
        ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
      }
    : {
        GenerateSecret: kind === 'confidential',
        AllowedOAuthFlows: ['code'],
        CallbackURLs: [...redirectUris],
        SupportedIdentityProviders: ['COGNITO'],
        ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
        RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: refreshGrace },
      };

const isNamed = (error: unknown, name: string): boolean => (error as Error).name === name;

/** The clients of one user pool. */
export const appClients = ({
  pool,
  cognito,
  accessMinutes,
  refreshMinutes,
}: {
  readonly pool: string;
  readonly cognito: CognitoIdentityProviderClient;
  readonly accessMinutes: number;
  readonly refreshMinutes: number;
}): AppClients => {
  const unlessGone = async (removal: Promise<unknown>): Promise<void> => {
    try {
      await removal;
    } catch (error) {
      if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    }
  };
  const remove: AppClients['remove'] = (client) =>
    unlessGone(cognito.send(new DeleteUserPoolClientCommand({ UserPoolId: pool, ClientId: client })));

  return {
    remove,
    create: async ({ tenant, kind, scopes, redirectUris = [] }) => {
      const { UserPoolClient } = await cognito.send(
        new CreateUserPoolClientCommand({
          UserPoolId: pool,
          ClientName: `${tenant} ${kind}`,
          AllowedOAuthFlowsUserPoolClient: true,
          AllowedOAuthScopes: [...scopes],
          PreventUserExistenceErrors: 'ENABLED',
          EnableTokenRevocation: true,
          AccessTokenValidity: accessMinutes,
          IdTokenValidity: accessMinutes,
          RefreshTokenValidity: refreshMinutes,
          TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
          ...flowsOf(kind, redirectUris),
        }),
      );
      const { ClientId: client, ClientSecret: secret } = UserPoolClient ?? {};
      if (client === undefined) throw new Error('Cognito made no client');
      if (kind === 'machine') return { client, ...(secret !== undefined && { secret }) };
      try {
        // A client without a style has no page to sign in at.
        await cognito.send(
          new CreateManagedLoginBrandingCommand({
            UserPoolId: pool,
            ClientId: client,
            UseCognitoProvidedValues: true,
          }),
        );
      } catch (error) {
        await remove(client).catch(() => {});
        throw error;
      }
      return { client, ...(secret !== undefined && { secret }) };
    },
    secrets: async (client) => {
      const { ClientSecrets = [] } = await cognito.send(
        new ListUserPoolClientSecretsCommand({ UserPoolId: pool, ClientId: client }),
      );
      return ClientSecrets.flatMap(({ ClientSecretId: id, ClientSecretCreateDate: at }) =>
        id === undefined || at === undefined ? [] : [{ id, createdAt: at.toISOString() }],
      );
    },
    addSecret: async (client) => {
      try {
        const { ClientSecretDescriptor } = await cognito.send(
          new AddUserPoolClientSecretCommand({ UserPoolId: pool, ClientId: client }),
        );
        const { ClientSecretId: id, ClientSecretValue: secret } = ClientSecretDescriptor ?? {};
        if (id === undefined || secret === undefined) throw new Error('Cognito made no secret');
        return { id, secret };
      } catch (error) {
        if (isNamed(error, 'LimitExceededException')) return undefined;
        throw error;
      }
    },
    removeSecret: (client, secret) =>
      unlessGone(
        cognito.send(
          new DeleteUserPoolClientSecretCommand({
            UserPoolId: pool,
            ClientId: client,
            ClientSecretId: secret,
          }),
        ),
      ),
  };
};
