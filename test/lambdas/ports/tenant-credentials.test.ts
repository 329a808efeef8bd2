import { GetItemCommand, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, GenerateDataKeyWithoutPlaintextCommand } from '@aws-sdk/client-kms';
import { type AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { tenantClients } from '../../../lambdas/ports/tenant-credentials.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';

let cloud: TestCloud;
let tenant: string;
let other: string;
beforeAll(async () => {
  cloud = await startTestCloud();
  tenant = await cloud.newTenant();
  other = await cloud.newTenant();
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => cloud?.stop());

const denied = expect.objectContaining({ name: expect.stringMatching(/AccessDenied/) });
const item = (of: string, sk = 'x') => marshall({ pk: `T#${of}#P#p`, sk });
const get = (who: string, of: string) =>
  cloud.clientsFor(who).dynamodb.send(new GetItemCommand({ TableName: 'records', Key: item(of) }));

test('clients of a tenant reach its items and keys', async () => {
  const { dynamodb } = cloud.clientsFor(tenant);
  await dynamodb.send(new PutItemCommand({ TableName: 'records', Item: item(tenant) }));
});

test("clients of a tenant do not reach another tenant's items, were every check of ours gone", async () => {
  const { dynamodb } = cloud.clientsFor(tenant);
  await expect(
    dynamodb.send(new PutItemCommand({ TableName: 'records', Item: item(other) })),
  ).rejects.toThrow(denied);
  await expect(get(tenant, other)).rejects.toThrow(denied);
  const query = new QueryCommand({
    TableName: 'records',
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: `T#${other}#P#p` } },
  });
  await expect(dynamodb.send(query)).rejects.toThrow(denied);
  await expect(dynamodb.send(new ScanCommand({ TableName: 'records' }))).rejects.toThrow(denied);
  await expect(dynamodb.send(new PutItemCommand({ TableName: 'audit', Item: item(other) }))).rejects.toThrow(
    denied,
  );
});

test("clients of a tenant do not open another tenant's keys, nor a compartment of another function", async () => {
  const { kms } = cloud.clientsFor(tenant);
  const decrypt = async (EncryptionContext: Record<string, string>) => {
    const { CiphertextBlob } = await cloud.root.kms.send(
      new GenerateDataKeyWithoutPlaintextCommand({
        KeyId: cloud.fieldKeyArn,
        KeySpec: 'AES_256',
        EncryptionContext,
      }),
    );
    return kms.send(new DecryptCommand({ KeyId: cloud.fieldKeyArn, CiphertextBlob, EncryptionContext }));
  };
  expect((await decrypt({ tenant, compartment: 'identity' })).Plaintext).toHaveLength(32);
  await expect(decrypt({ tenant: other, compartment: 'identity' })).rejects.toThrow(denied);
  await expect(decrypt({ tenant, compartment: 'billing' })).rejects.toThrow(denied);
});

/** An STS that gives credentials which expire in an hour, and counts. */
const countingSts = (): { sts: STSClient; tags: string[] } => {
  const tags: string[] = [];
  const sts = new STSClient({ credentials: { accessKeyId: '111122223333', secretAccessKey: 'root' } });
  const middleware = (next: (args: object) => Promise<object>) => async (args: { input: object }) => {
    const { input } = args as { input: AssumeRoleCommand['input'] };
    tags.push(`${input.RoleSessionName} ${input.Tags?.map(({ Key, Value }) => `${Key}=${Value}`).join()}`);
    return next(args);
  };
  sts.middlewareStack.add(middleware as never, { step: 'initialize' });
  return { sts, tags };
};
const roleArn = 'arn:aws:iam::111122223333:role/clinical-tenant';
const use = async (clients: { dynamodb: { config: { credentials: () => Promise<unknown> } } }) =>
  clients.dynamodb.config.credentials();

test("a tenant's credentials are taken once, by a session tagged with it, and renewed before they expire", async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { sts, tags } = countingSts();
  const answer = (next: (args: object) => Promise<object>) => async (args: object) => {
    void next;
    void args;
    const Expiration = new Date(Date.now() + 3_600_000);
    return {
      response: {},
      output: { Credentials: { AccessKeyId: 'A', SecretAccessKey: 'S', SessionToken: 'T', Expiration } },
    };
  };
  sts.middlewareStack.add(answer as never, { step: 'initialize', priority: 'low' });
  const clientsFor = tenantClients({ roleArn, sessionName: 'clinical', sts });
  const { dynamodb, kms } = clientsFor(tenant);
  await Promise.all([dynamodb.config.credentials(), kms.config.credentials()]);
  expect(tags).toEqual([`clinical tenant=${tenant}`]);
  vi.advanceTimersByTime(54 * 60_000);
  await use(clientsFor(tenant));
  expect(tags).toHaveLength(1);
  vi.advanceTimersByTime(60_001);
  await use(clientsFor(tenant));
  expect(tags).toHaveLength(2);
});

test('a failure to take them is not kept', async () => {
  const { sts } = countingSts();
  let failing = true;
  const fail = (next: (args: object) => Promise<object>) => async (args: object) => {
    if (failing) throw new Error('down');
    void next;
    void args;
    const Expiration = new Date(Date.now() + 3_600_000);
    return {
      response: {},
      output: { Credentials: { AccessKeyId: 'A', SecretAccessKey: 'S', SessionToken: 'T', Expiration } },
    };
  };
  sts.middlewareStack.add(fail as never, { step: 'initialize', priority: 'low' });
  const clients = tenantClients({ roleArn, sessionName: 'clinical', sts })(tenant);
  await expect(use(clients)).rejects.toThrow('down');
  failing = false;
  expect(await use(clients)).toMatchObject({ accessKeyId: 'A' });
});

test.each(['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])(
  'credentials without %s are none',
  async (missing) => {
    const { sts } = countingSts();
    const whole = {
      AccessKeyId: 'A',
      SecretAccessKey: 'S',
      SessionToken: 'T',
      Expiration: new Date(Date.now() + 3_600_000),
    };
    const answer = () => async () => ({
      response: {},
      output: { Credentials: { ...whole, [missing]: undefined } },
    });
    sts.middlewareStack.add(answer as never, { step: 'initialize', priority: 'low' });
    await expect(use(tenantClients({ roleArn, sessionName: 'clinical', sts })(tenant))).rejects.toThrow(
      'STS',
    );
  },
);

test('the clients of a bounded number of tenants are kept, sharing their connections', () => {
  const clientsFor = tenantClients({
    roleArn,
    sessionName: 'clinical',
    sts: countingSts().sts,
    maximumTenants: 2,
  });
  const [one, two] = [clientsFor('tenant000001'), clientsFor('tenant000002')];
  expect(clientsFor('tenant000001')).toBe(one);
  clientsFor('tenant000003');
  expect(clientsFor('tenant000001')).toBe(one);
  expect(clientsFor('tenant000002')).not.toBe(two);
  expect(one.dynamodb.config.requestHandler).toBe(two.dynamodb.config.requestHandler);
  expect(one.kms.config.requestHandler).toBe(one.dynamodb.config.requestHandler);
});
