import { setTimeout as sleep } from 'node:timers/promises';
import {
  AdminCreateUserCommand,
  AdminInitiateAuthCommand,
  AdminRespondToAuthChallengeCommand,
  AssociateSoftwareTokenCommand,
  type ChallengeNameType,
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  DeleteUserPoolCommand,
  GetTokensFromRefreshTokenCommand,
  SetUserPoolMfaConfigCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  BatchGetItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { totpCode } from '../../scripts/local/api-client.ts';

const { emulator, region, account } = inject('runtime');
const { endpoint, accessKeyId, secretAccessKey } = emulator;
const config = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
const denied = { name: 'AccessDeniedException' };

/** A role for one tenant's session, with this policy, as a function would assume it. */
async function tenantSession(name: string, tenant: string, statements: object[]) {
  const iam = new IAMClient(config);
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
  };
  const document = (Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document([trust]) }));
  await iam.send(
    new PutRolePolicyCommand({ RoleName: name, PolicyName: 'p', PolicyDocument: document(statements) }),
  );
  const { Credentials } = await new STSClient(config).send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${account}:role/${name}`,
      RoleSessionName: 'test',
      Tags: [{ Key: 'tenant', Value: tenant }],
    }),
  );
  return {
    endpoint,
    region,
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  };
}

describe('IAM conditions on DynamoDB keys', () => {
  const TableName = 'emulator-test';
  const key = (tenant: string) => ({ pk: { S: `T#${tenant}#P#1` }, sk: { S: 'a' } });
  let dynamo: DynamoDBClient;

  beforeAll(async () => {
    const admin = new DynamoDBClient(config);
    await admin.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', 'actor'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byActor',
            KeySchema: [{ AttributeName: 'actor', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      }),
    );
    for (const tenant of ['aaa', 'bbb']) {
      await admin.send(
        new PutItemCommand({ TableName, Item: { ...key(tenant), actor: { S: `T#${tenant}#U#1` } } }),
      );
    }
    const Resource = [
      `arn:aws:dynamodb:${region}:${account}:table/${TableName}`,
      `arn:aws:dynamodb:${region}:${account}:table/${TableName}/index/*`,
    ];
    const Condition = {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['T#${aws:PrincipalTag/tenant}#*'] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    };
    dynamo = new DynamoDBClient(
      await tenantSession('emulator-test-keys', 'aaa', [
        { Effect: 'Allow', Action: 'dynamodb:*', Resource, Condition },
      ]),
    );
  });
  afterAll(() => new DynamoDBClient(config).send(new DeleteTableCommand({ TableName })));

  const calls: [string, (tenant: string) => Promise<unknown>][] = [
    ['GetItem', (tenant) => dynamo.send(new GetItemCommand({ TableName, Key: key(tenant) }))],
    ['PutItem', (tenant) => dynamo.send(new PutItemCommand({ TableName, Item: key(tenant) }))],
    [
      'BatchGetItem',
      (tenant) =>
        dynamo.send(
          new BatchGetItemCommand({
            RequestItems: { [TableName]: { Keys: [key('aaa'), { ...key(tenant), sk: { S: 'b' } }] } },
          }),
        ),
    ],
    [
      'TransactWriteItems',
      (tenant) =>
        dynamo.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              { Put: { TableName, Item: key('aaa') } },
              {
                ConditionCheck: {
                  TableName,
                  Key: { ...key(tenant), sk: { S: 'none' } },
                  ConditionExpression: 'attribute_not_exists(pk)',
                },
              },
            ],
          }),
        ),
    ],
    [
      'Query',
      (tenant) =>
        dynamo.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: '#p = :p AND begins_with(sk, :s)',
            ExpressionAttributeNames: { '#p': 'pk' },
            ExpressionAttributeValues: { ':p': { S: `T#${tenant}#P#1` }, ':s': { S: 'a' } },
          }),
        ),
    ],
    [
      'Query on an index',
      (tenant) =>
        dynamo.send(
          new QueryCommand({
            TableName,
            IndexName: 'byActor',
            KeyConditionExpression: 'actor = :a',
            ExpressionAttributeValues: { ':a': { S: `T#${tenant}#U#1` } },
          }),
        ),
    ],
  ];

  it.each(calls)('%s reaches the own tenant and no other', async (_name, call) => {
    await expect(call('aaa')).resolves.toBeDefined();
    await expect(call('bbb')).rejects.toMatchObject(denied);
  });

  it('refuses a scan, which names no key', async () => {
    await expect(dynamo.send(new ScanCommand({ TableName }))).rejects.toMatchObject(denied);
  });
});

describe('IAM conditions on the KMS encryption context', () => {
  it('allow the own tenant and compartment only', async () => {
    const { KeyMetadata } = await new KMSClient(config).send(new CreateKeyCommand({}));
    const kms = new KMSClient(
      await tenantSession('emulator-test-context', 'aaa', [
        {
          Effect: 'Allow',
          Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
          Resource: KeyMetadata?.Arn,
          Condition: {
            StringEquals: {
              'kms:EncryptionContext:tenant': '${aws:PrincipalTag/tenant}',
              'kms:EncryptionContext:compartment': ['clinical'],
            },
          },
        },
      ]),
    );
    const dataKey = (tenant: string, compartment: string) =>
      kms.send(
        new GenerateDataKeyCommand({
          KeyId: KeyMetadata?.Arn,
          KeySpec: 'AES_256',
          EncryptionContext: { tenant, compartment },
        }),
      );
    const { CiphertextBlob } = await dataKey('aaa', 'clinical');
    const own = { CiphertextBlob, EncryptionContext: { tenant: 'aaa', compartment: 'clinical' } };
    expect((await kms.send(new DecryptCommand(own))).Plaintext).toHaveLength(32);
    await expect(dataKey('bbb', 'clinical')).rejects.toMatchObject(denied);
    await expect(dataKey('aaa', 'billing')).rejects.toMatchObject(denied);
    await expect(kms.send(new DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject(denied);
  });
});

describe('a user pool that requires MFA', () => {
  const cognito = new CognitoIdentityProviderClient(config);
  const email = 'someone@example.org';
  let UserPoolId: string | undefined;
  let ClientId: string | undefined;

  beforeAll(async () => {
    const policy = { Policies: { PasswordPolicy: { MinimumLength: 14 } } };
    const pool = await cognito.send(
      new CreateUserPoolCommand({ PoolName: 'emulator-test', UsernameAttributes: ['email'], ...policy }),
    );
    UserPoolId = pool.UserPool?.Id;
    await cognito.send(
      new SetUserPoolMfaConfigCommand({
        UserPoolId,
        MfaConfiguration: 'ON',
        SoftwareTokenMfaConfiguration: { Enabled: true },
      }),
    );
    const client = await cognito.send(
      new CreateUserPoolClientCommand({
        UserPoolId,
        ClientName: 'c',
        ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH'],
      }),
    );
    ClientId = client.UserPoolClient?.ClientId;
    await cognito.send(
      new AdminCreateUserCommand({
        UserPoolId,
        Username: email,
        TemporaryPassword: 'Temporary-password-1',
        MessageAction: 'SUPPRESS',
        UserAttributes: [{ Name: 'email', Value: email }],
      }),
    );
  });
  afterAll(() => cognito.send(new DeleteUserPoolCommand({ UserPoolId })));

  const login = (PASSWORD: string) =>
    cognito.send(
      new AdminInitiateAuthCommand({
        UserPoolId,
        ClientId,
        AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: email, PASSWORD },
      }),
    );
  const respond = (
    ChallengeName: ChallengeNameType,
    Session: string | undefined,
    answers: Record<string, string> = {},
  ) =>
    cognito.send(
      new AdminRespondToAuthChallengeCommand({
        UserPoolId,
        ClientId,
        ChallengeName,
        Session,
        ChallengeResponses: { USERNAME: email, ...answers },
      }),
    );
  const refused = { name: 'NotAuthorizedException' };

  it('issues no token before a second factor is enrolled, and binds each challenge to its session', async () => {
    const first = await login('Temporary-password-1');
    expect(first.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
    const NEW_PASSWORD = 'Permanent-password-1';
    await expect(
      respond('NEW_PASSWORD_REQUIRED', 'another-session-another-session', { NEW_PASSWORD }),
    ).rejects.toMatchObject(refused);
    await expect(
      respond('NEW_PASSWORD_REQUIRED', first.Session, { NEW_PASSWORD: 'weak' }),
    ).rejects.toMatchObject({
      name: 'InvalidPasswordException',
    });
    const setup = await respond('NEW_PASSWORD_REQUIRED', first.Session, { NEW_PASSWORD });
    expect(setup.ChallengeName).toBe('MFA_SETUP');
    expect(setup.AuthenticationResult).toBeUndefined();
    await expect(respond('NEW_PASSWORD_REQUIRED', first.Session, { NEW_PASSWORD })).rejects.toMatchObject(
      refused,
    );
    await expect(respond('MFA_SETUP', setup.Session)).rejects.toMatchObject(refused);

    const { SecretCode = '', Session } = await cognito.send(
      new AssociateSoftwareTokenCommand({ Session: setup.Session }),
    );
    const verified = await cognito.send(
      new VerifySoftwareTokenCommand({ Session, UserCode: totpCode(SecretCode) }),
    );
    const { AuthenticationResult } = await respond('MFA_SETUP', verified.Session);
    expect(AuthenticationResult?.AccessToken).toBeDefined();
    const signedIn = decodeJwt(AuthenticationResult?.AccessToken ?? '');
    await sleep(2100);
    const continued = await cognito.send(
      new GetTokensFromRefreshTokenCommand({ ClientId, RefreshToken: AuthenticationResult?.RefreshToken }),
    );
    const refreshed = decodeJwt(continued.AuthenticationResult?.AccessToken ?? '');
    const signedInAt = Number(signedIn.auth_time);
    expect(refreshed.iat).toBeGreaterThan(signedInAt + 1);
    // The refresh token, whose time it is, is made up to a second after the access token.
    expect([signedInAt, signedInAt + 1]).toContain(refreshed.auth_time);

    const again = await login(NEW_PASSWORD);
    expect(again.ChallengeName).toBe('SOFTWARE_TOKEN_MFA');
    await expect(
      respond('SOFTWARE_TOKEN_MFA', again.Session, { SOFTWARE_TOKEN_MFA_CODE: '000000' }),
    ).rejects.toMatchObject({
      name: 'CodeMismatchException',
    });
  });
});
