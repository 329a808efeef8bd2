import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { STSClient } from '@aws-sdk/client-sts';
import type { AuditEntry } from '../lambdas/domain/audit-entry.ts';
import { auditPut } from '../lambdas/ports/audit-log.ts';
import type { ChartPorts } from '../lambdas/ports/chart-ports.ts';
import { chartPorts } from '../lambdas/ports/chart-ports.ts';
import type { ClientsFor } from '../lambdas/ports/tenant-credentials.ts';
import { tenantClients } from '../lambdas/ports/tenant-credentials.ts';
import { createTenantKeys } from '../lambdas/ports/tenant-keys.ts';
import type { Table } from '../model/derive/grants.ts';
import { grantsOf, tables } from '../model/derive/grants.ts';
import type { Capability } from '../model/vocabulary.ts';
import { type Emulator, emulatorAccount, emulatorRegion, startEmulator } from '../scripts/local/emulator.ts';

/** An item as it lies in a table. */
export type RawItem = Record<string, AttributeValue>;

/** An emulator of AWS with the platform's tables and keys, and clients that may do what one of its functions may. */
export interface TestCloud {
  readonly endpoint: string;
  readonly tables: { readonly [T in Table]: string };
  readonly fieldKeyArn: string;
  /** Everything is permitted to these: a person at the console. */
  readonly root: { readonly dynamodb: DynamoDBClient; readonly kms: KMSClient };
  /** The function's credentials, bound to one tenant. */
  readonly clientsFor: ClientsFor;
  /** New ports, with nothing in memory. */
  readonly newPorts: (clientsFor?: ClientsFor, tables?: { readonly [T in Table]?: string }) => ChartPorts;
  /** A new tenant with its keys. */
  readonly newTenant: () => Promise<string>;
  readonly items: (table: Table) => Promise<RawItem[]>;
  /** Changes items in a table behind the platform's back. */
  readonly edit: (
    table: Table,
    which: (item: RawItem) => boolean,
    change: (item: RawItem) => RawItem,
  ) => Promise<number>;
  readonly stop: () => Promise<void>;
}

const account = emulatorAccount;
const role = 'clinical-tenant';

const statement = (actions: readonly string[], resource: string, condition: object): object => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resource,
  Condition: condition,
});

/** The tenant role's policy, as the stacks derive it from a capability's grants. */
const tenantPolicy = (capability: Capability, fieldKeyArn: string): string => {
  const tenant = '${aws:PrincipalTag/tenant}';
  const { tenant: grants, opens } = grantsOf(capability);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      ...grants.map(({ table, actions, keys }) =>
        statement(
          actions.map((action) => `dynamodb:${action}`),
          `arn:aws:dynamodb:${emulatorRegion}:${account}:table/${table}`,
          {
            'ForAllValues:StringLike': {
              'dynamodb:LeadingKeys': keys.map((key) => key.replace('{tenant}', tenant)),
            },
            Null: { 'dynamodb:LeadingKeys': 'false' },
          },
        ),
      ),
      statement(['kms:Decrypt'], fieldKeyArn, {
        StringEquals: {
          'kms:EncryptionContext:tenant': tenant,
          'kms:EncryptionContext:compartment': opens,
        },
      }),
    ],
  });
};

const createTenantRole = async (iam: IAMClient, policy: string): Promise<STSClient> => {
  const roleArn = `arn:aws:iam::${account}:role/${role}`;
  await iam.send(new CreateUserCommand({ UserName: 'clinical' }));
  await iam.send(
    new PutUserPolicyCommand({
      UserName: 'clinical',
      PolicyName: 'one-tenant',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: roleArn }],
      }),
    }),
  );
  await iam.send(
    new CreateRoleCommand({
      RoleName: role,
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: `arn:aws:iam::${account}:user/clinical` },
            Action: ['sts:AssumeRole', 'sts:TagSession'],
          },
        ],
      }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: role,
      PolicyName: 'tenant',
      PolicyDocument: policy,
    }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'clinical' }));
  return new STSClient({
    credentials: {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    },
  });
};

const createTables = async (dynamodb: DynamoDBClient): Promise<void> => {
  const hash = (AttributeName: string) => ({ AttributeName, KeyType: 'HASH' as const });
  const range = (AttributeName: string) => ({ AttributeName, KeyType: 'RANGE' as const });
  await Promise.all(
    tables.map((table) =>
      dynamodb.send(
        new CreateTableCommand({
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [hash('pk'), range('sk')],
          AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        }),
      ),
    ),
  );
};

/** An emulator of the file's own; or, when many runs share one, that one, emptied. */
const emulatorFor = async (directory: string): Promise<Pick<Emulator, 'endpoint' | 'stop'>> => {
  const shared = process.env.CHARTLOCK_TEST_EMULATOR;
  if (shared === undefined) return startEmulator({ directory });
  await fetch(`${shared}/_ministack/reset`, { method: 'POST' });
  return { endpoint: shared, stop: async () => {} };
};

/**
 * Starts a private emulator; stop it when the tests of the file are done.
 * @param capability whose function's credentials `clientsFor` gives
 */
export const startTestCloud = async (capability: Capability = 'clinical'): Promise<TestCloud> => {
  const directory = mkdtempSync(join(tmpdir(), 'chartlock-test-'));
  const emulator = await emulatorFor(directory);
  process.env.AWS_ENDPOINT_URL = emulator.endpoint;
  process.env.AWS_REGION = emulatorRegion;
  const credentials = { accessKeyId: account, secretAccessKey: 'root' };
  const dynamodb = new DynamoDBClient({ credentials });
  const kms = new KMSClient({ credentials });
  await createTables(dynamodb);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const fieldKeyArn = KeyMetadata?.Arn ?? '';
  const sts = await createTenantRole(new IAMClient({ credentials }), tenantPolicy(capability, fieldKeyArn));
  const roleArn = `arn:aws:iam::${account}:role/${role}`;
  const clientsFor = tenantClients({ roleArn, sessionName: 'clinical', sts });
  const names = Object.fromEntries(tables.map((table) => [table, table])) as { [T in Table]: string };
  let tenants = 0;

  const items = async (table: Table): Promise<RawItem[]> => {
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
    return Items;
  };
  return {
    endpoint: emulator.endpoint,
    tables: names,
    fieldKeyArn,
    root: { dynamodb, kms },
    clientsFor,
    newPorts: (own = clientsFor, other = {}) => {
      const used = { ...names, ...other };
      return chartPorts(
        { RECORDS_TABLE: used.records, KEYRING_TABLE: used.keyring, FIELD_KEY_ARN: fieldKeyArn },
        {
          clientsFor: own,
          auditPut: (entry: AuditEntry) => auditPut(used.audit, entry),
          capability: 'clinical',
        },
      );
    },
    newTenant: async () => {
      tenants += 1;
      const tenant = `tenant${String(tenants).padStart(6, '0')}`;
      await createTenantKeys({ dynamodb, kms, keyringTable: names.keyring, fieldKeyArn, tenant });
      return tenant;
    },
    items,
    edit: async (table, which, change) => {
      const found = (await items(table)).filter(which);
      for (const item of found)
        await dynamodb.send(new PutItemCommand({ TableName: table, Item: change(structuredClone(item)) }));
      return found.length;
    },
    stop: async () => {
      await emulator.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
