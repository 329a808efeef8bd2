import {
  CognitoIdentityProviderClient,
  CreateManagedLoginBrandingCommand,
  CreateResourceServerCommand,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AppClients, appClients, type ClientRequest } from '../../../lambdas/ports/app-clients.ts';
import { emulatorAccount } from '../../../scripts/local/emulator.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';

let cloud: TestCloud;
let cognito: CognitoIdentityProviderClient;
let pool: string;
let clients: AppClients;
/** What was sent: the input of each command. */
let sent: { readonly name: string; readonly input: object }[] = [];

const app: ClientRequest = {
  tenant: 'tenant000001',
  kind: 'public',
  scopes: ['user/Patient.r'],
  redirectUris: ['https://portal.example/callback'],
};
const machine: ClientRequest = { tenant: 'tenant000001', kind: 'machine', scopes: ['system/Vital.c'] };

beforeAll(async () => {
  cloud = await startTestCloud();
  cognito = new CognitoIdentityProviderClient({
    credentials: { accessKeyId: emulatorAccount, secretAccessKey: 'root' },
    maxAttempts: 1,
  });
  cognito.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        sent.push({ name: String(commandName), input: args.input });
        return next(args);
      },
    { step: 'initialize' },
  );
  const { UserPool } = await cognito.send(new CreateUserPoolCommand({ PoolName: 'test' }));
  pool = UserPool?.Id ?? '';
  for (const [Identifier, ScopeName] of [
    ['user', 'Patient.r'],
    ['system', 'Vital.c'],
  ] as const)
    await cognito.send(
      new CreateResourceServerCommand({
        UserPoolId: pool,
        Identifier,
        Name: Identifier,
        Scopes: [{ ScopeName, ScopeDescription: ScopeName }],
      }),
    );
  clients = appClients({ pool, cognito, accessMinutes: 15, refreshMinutes: 1440 });
});
beforeEach(() => {
  sent = [];
});
afterAll(() => cloud?.stop());

const created = (): object | undefined =>
  sent.find(({ name }) => name === CreateUserPoolClientCommand.name)?.input;
const described = async (client: string) =>
  (await cognito.send(new DescribeUserPoolClientCommand({ UserPoolId: pool, ClientId: client })))
    .UserPoolClient;
const token = (client: string, secret: string): Promise<Response> =>
  fetch(`${cloud.endpoint}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/Vital.c' }),
  });

/** What is the same of every client. */
const always = {
  ClientName: expect.stringMatching(/^tenant000001 (public|confidential|machine)$/),
  AllowedOAuthFlowsUserPoolClient: true,
  PreventUserExistenceErrors: 'ENABLED',
  EnableTokenRevocation: true,
  AccessTokenValidity: 15,
  IdTokenValidity: 15,
  RefreshTokenValidity: 1440,
  TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
};

describe('an application', () => {
  test.each(['public', 'confidential'] as const)(
    'that is %s has the code grant only, exact addresses and rotating refresh tokens',
    async (kind) => {
      const { client, secret } = await clients.create({ ...app, kind });
      expect(created()).toEqual({
        ...always,
        UserPoolId: pool,
        GenerateSecret: kind === 'confidential',
        AllowedOAuthFlows: ['code'],
        AllowedOAuthScopes: ['user/Patient.r'],
        CallbackURLs: ['https://portal.example/callback'],
        SupportedIdentityProviders: ['COGNITO'],
        ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
        RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 10 },
      });
      expect(await described(client)).toMatchObject({ ...always, AllowedOAuthFlows: ['code'] });
      expect(secret !== undefined).toBe(kind === 'confidential');
    },
  );

  test('has a page to sign in at', async () => {
    const { client } = await clients.create(app);
    expect(sent.at(-1)).toEqual({
      name: CreateManagedLoginBrandingCommand.name,
      input: { UserPoolId: pool, ClientId: client, UseCognitoProvidedValues: true },
    });
  });

  test('without such a page is none', async () => {
    const send = cognito.send.bind(cognito) as (command: unknown) => Promise<unknown>;
    const failing = {
      send: (command: unknown) =>
        command instanceof CreateManagedLoginBrandingCommand
          ? Promise.reject(new Error('no style'))
          : send(command),
    } as unknown as CognitoIdentityProviderClient;
    const own = appClients({ pool, cognito: failing, accessMinutes: 15, refreshMinutes: 1440 });
    await expect(own.create(app)).rejects.toThrow('no style');
    expect(sent.map(({ name }) => name)).toEqual([
      'CreateUserPoolClientCommand',
      'DeleteUserPoolClientCommand',
    ]);
  });
});

describe('a machine', () => {
  test('has client credentials only, no page and no flow for people', async () => {
    const { client, secret = '' } = await clients.create(machine);
    expect(created()).toEqual({
      ...always,
      UserPoolId: pool,
      GenerateSecret: true,
      AllowedOAuthFlows: ['client_credentials'],
      AllowedOAuthScopes: ['system/Vital.c'],
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
    });
    expect(sent).toHaveLength(1);
    expect((await token(client, secret)).status).toBe(200);
  });

  test('has two secrets at a time, both good until one is retired', async () => {
    const { client, secret: first = '' } = await clients.create(machine);
    const [only] = await clients.secrets(client);
    const added = await clients.addSecret(client);
    expect(added?.id).toMatch(new RegExp(`^${client}--\\d+$`));
    expect(await clients.secrets(client)).toEqual([only, { id: added?.id, createdAt: expect.any(String) }]);
    for (const secret of [first, added?.secret ?? '']) expect((await token(client, secret)).status).toBe(200);
    expect(await clients.addSecret(client)).toBeUndefined();
    for (const _again of [1, 2]) await clients.removeSecret(client, only?.id ?? '');
    expect((await token(client, first)).status).toBe(400);
    expect((await token(client, added?.secret ?? '')).status).toBe(200);
    await expect(clients.removeSecret(client, added?.id ?? '')).rejects.toThrow();
    expect(await clients.secrets(client)).toHaveLength(1);
  });
});

test('a client that is removed is gone, and removing it again is no failure', async () => {
  const { client, secret = '' } = await clients.create(machine);
  await clients.remove(client);
  expect((await token(client, secret)).status).toBe(400);
  await clients.remove(client);
});

test('another failure of Cognito is not taken for a limit or an absence', async () => {
  const failing = {
    send: () => Promise.reject(Object.assign(new Error('later'), { name: 'TooManyRequestsException' })),
  } as unknown as CognitoIdentityProviderClient;
  const own = appClients({ pool, cognito: failing, accessMinutes: 15, refreshMinutes: 1440 });
  await expect(own.addSecret('x')).rejects.toThrow('later');
  await expect(own.remove('x')).rejects.toThrow('later');
  await expect(own.removeSecret('x', 'x--1')).rejects.toThrow('later');
});

describe('what Cognito leaves out of an answer', () => {
  const answering = (answer: object): AppClients =>
    appClients({
      pool,
      cognito: { send: async () => answer } as unknown as CognitoIdentityProviderClient,
      accessMinutes: 15,
      refreshMinutes: 1440,
    });

  test('is no client', async () => {
    await expect(answering({}).create(machine)).rejects.toThrow('Cognito made no client');
    await expect(answering({ UserPoolClient: {} }).create(machine)).rejects.toThrow('Cognito made no client');
  });

  test.each([{}, { ClientSecretId: 'x--1' }, { ClientSecretValue: 'x' }])('is no secret', async (given) => {
    const own = answering({ ClientSecretDescriptor: given });
    await expect(own.addSecret('x')).rejects.toThrow('Cognito made no secret');
  });

  test('is in no list', async () => {
    const ClientSecretCreateDate = new Date('2026-11-22T12:00:00Z');
    const whole = { ClientSecretId: 'x--1', ClientSecretCreateDate };
    const ClientSecrets = [{ ClientSecretId: 'x--2' }, { ClientSecretCreateDate }, whole];
    expect(await answering({ ClientSecrets }).secrets('x')).toEqual([
      { id: 'x--1', createdAt: '2026-11-22T12:00:00.000Z' },
    ]);
    expect(await answering({}).secrets('x')).toEqual([]);
  });
});
