import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { branchesOf } from '../../model/derive/grants.ts';
import { patient as patientResource } from '../../model/resources/patient.ts';
import { vital as vitalResource } from '../../model/resources/vital.ts';
import type { Branch } from '../../model/vocabulary.ts';
import { branches } from '../../model/vocabulary.ts';
import type { Ask } from './client.ts';
import { expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import type { Item } from './cloud.ts';
import { environmentOf, renewFunction } from './cloud.ts';
import type { RolePolicy, Statement } from './faults.ts';
import { policyOf, rolesOf, whileGranted } from './faults.ts';
import { markedRecord } from './marked-record.ts';

const patients = '/clinical/v1/patients';
const vitals = '/clinical/v1/vitals';

let clinic: Clinic;
let provider: Person;
let clinical: string;
let tables: Readonly<Record<'records' | 'keyring' | 'directory' | 'sessions' | 'audit', string>>;
let policies: Readonly<Record<'own' | 'tenant', RolePolicy>>;

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  const { runtime, cloud } = clinic;
  provider = await clinic.join('provider');
  clinical = output(runtime, 'clinical-api', 'FunctionName');
  const roles = await rolesOf(cloud, clinical);
  policies = { own: await policyOf(cloud, roles.own), tenant: await policyOf(cloud, roles.tenant) };
  tables = {
    records: output(runtime, 'data', 'RecordsTable'),
    keyring: output(runtime, 'data', 'KeyringTable'),
    directory: output(runtime, 'data', 'DirectoryTable'),
    sessions: output(runtime, 'data', 'SessionsTable'),
    audit: output(runtime, 'audit', 'AuditTable'),
  };
});

afterAll(() => renewFunction(clinic.cloud, clinical));

const put = (path: string, body: unknown, version: number): Ask => ({
  method: 'PUT',
  path,
  body,
  headers: { 'if-match': `"${version}"` },
});

/**
 * Has the clinical function do everything that it ever does, from a new process on.
 * @throws Error at the first request that is not answered as it should be
 */
const work = async (): Promise<void> => {
  const { cloud, tenant } = clinic;
  await renewFunction(cloud, clinical);
  // A token whose session is not known is introduced by its principal's directory row.
  const session = { pk: { S: `T#${tenant}#U#${provider.subject}` }, sk: { S: 'SESSIONS' } };
  await cloud.dynamodb.send(new DeleteItemCommand({ TableName: tables.sessions, Key: session }));
  const { record } = markedRecord(patientResource);
  const headers = { 'idempotency-key': crypto.randomUUID() };
  const created = expectStatus(
    await provider.send({ method: 'POST', path: patients, body: record, headers }),
    201,
  );
  const id = String(created.body.id);
  const path = `${patients}/${id}`;
  expectStatus(await provider.send({ path }), 200);
  const where = { mrn: record.mrn };
  expectStatus(await provider.send({ method: 'POST', path: `${patients}/_search`, body: { where } }), 200);
  expectStatus(await provider.send(put(path, { ...record, mrn: `${String(record.mrn)}-2` }, 1)), 200);
  // A patient whose keys are of a time before a compartment was used gets that compartment's key.
  await cloud.dynamodb.send(
    new UpdateItemCommand({
      TableName: tables.keyring,
      Key: { pk: { S: `T#${tenant}#P#${id}` }, sk: { S: 'KEYS' } },
      UpdateExpression: 'REMOVE #key',
      ExpressionAttributeNames: { '#key': 'clinical.1' },
    }),
  );
  const vital = { ...vitalResource.example, patient: id };
  expectStatus(await provider.send({ method: 'POST', path: vitals, body: vital }), 201);
  const list = { method: 'POST', path: `${vitals}/_search`, body: { where: { patient: id } } };
  expectStatus(await provider.send(list), 200);
};

const actionsOf = ({ Action }: Statement): readonly string[] => [Action].flat();

const without = (
  policy: RolePolicy,
  position: number,
  change: (statement: Statement) => Statement | undefined,
): readonly Statement[] =>
  policy.statements.flatMap((statement, at) => (at === position ? (change(statement) ?? []) : [statement]));

/** Grants that only AWS asks for: for what its services do inside, and for tags beside the role's trust policy. */
const askedByAwsOnly: readonly RegExp[] = [/^OwnLog /, /^TablesAtRest /, /^OneTenant sts:TagSession$/];

describe('the clinical function', () => {
  test('does all its work with the grants that it has', work, 30_000);

  test.each(['own', 'tenant'] as const)(
    'cannot do all its work with any grant of its %s role taken away',
    async (which) => {
      const policy = policies[which];
      const others: string[] = [];
      for (const [position, statement] of policy.statements.entries()) {
        for (const action of actionsOf(statement)) {
          const grant = `${statement.Sid} ${action}`;
          if (askedByAwsOnly.some((pattern) => pattern.test(grant))) continue;
          const rest = actionsOf(statement).filter((each) => each !== action);
          const statements = without(policy, position, (each) =>
            rest.length > 0 ? { ...each, Action: rest } : undefined,
          );
          const end = await whileGranted(clinic.cloud, policy, statements, work).then(
            () => 'done',
            ({ message }: Error) => message,
          );
          if (!/, got 503 unavailable/.test(end)) others.push(`${grant}: ${end}`);
        }
      }
      expect(others).toEqual([]);
      await work();
    },
    120_000,
  );

  test('cannot do all its work with any of its compartments taken away', async () => {
    const position = policies.tenant.statements.findIndex(({ Sid }) => Sid === 'OpenBranchKeys');
    const key = 'kms:EncryptionContext:compartment';
    const opens = [policies.tenant.statements[position]?.Condition?.StringEquals?.[key] ?? []].flat();
    expect(opens.toSorted()).toEqual(branchesOf('clinical').toSorted());
    for (const compartment of opens) {
      const statements = without(policies.tenant, position, (each) => ({
        ...each,
        Condition: {
          ...each.Condition,
          StringEquals: {
            ...each.Condition?.StringEquals,
            [key]: opens.filter((other) => other !== compartment),
          },
        },
      }));
      await expect(
        whileGranted(clinic.cloud, policies.tenant, statements, work),
        compartment,
      ).rejects.toThrow();
    }
    await work();
  }, 60_000);
});

describe('credentials of the clinical function for one tenant', () => {
  let elsewhere: Clinic;
  let ids: Readonly<Record<string, string>>;
  let roles: { readonly own: string; readonly tenant: string };
  let sts: STSClient;
  let dynamodb: DynamoDBClient;
  let kms: KMSClient;
  let trust: string;

  const arnOf = async (role: string): Promise<string> => {
    const { Role } = await clinic.cloud.iam.send(new GetRoleCommand({ RoleName: role }));
    return Role?.Arn ?? '';
  };
  const clientSettings = () => ({
    endpoint: clinic.runtime.emulator.endpoint,
    region: clinic.runtime.region,
    maxAttempts: 1,
  });
  const assumed = async (from: STSClient, role: string, tags: readonly (readonly [string, string])[]) => {
    const { Credentials } = await from.send(
      new AssumeRoleCommand({
        RoleArn: await arnOf(role),
        RoleSessionName: 'integration-test',
        ...(tags.length > 0 && { Tags: tags.map(([Key, Value]) => ({ Key, Value })) }),
      }),
    );
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
  };

  beforeAll(async () => {
    elsewhere = await openClinic(inject('runtime'));
    const { cloud } = clinic;
    const newPatient = async ({ join }: Clinic): Promise<string> => {
      const { send } = await join('provider');
      const { record } = markedRecord(patientResource);
      return String(expectStatus(await send({ method: 'POST', path: patients, body: record }), 201).body.id);
    };
    ids = {
      [clinic.tenant]: await newPatient(clinic),
      [elsewhere.tenant]: await newPatient(elsewhere),
    };
    roles = await rolesOf(cloud, clinical);
    const { Role } = await cloud.iam.send(new GetRoleCommand({ RoleName: roles.own }));
    trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    const { Arn } = await cloud.sts.send(new GetCallerIdentityCommand({}));
    const { Version, Statement } = JSON.parse(trust);
    const administrator = { Effect: 'Allow', Principal: { AWS: Arn }, Action: 'sts:AssumeRole' };
    await cloud.iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName: roles.own,
        PolicyDocument: JSON.stringify({ Version, Statement: [Statement, administrator].flat() }),
      }),
    );
    sts = new STSClient({ ...clientSettings(), credentials: await assumed(cloud.sts, roles.own, []) });
    const credentials = await assumed(sts, roles.tenant, [['tenant', clinic.tenant]]);
    dynamodb = new DynamoDBClient({ ...clientSettings(), credentials });
    kms = new KMSClient({ ...clientSettings(), credentials });
  });

  afterAll(async () => {
    await clinic.cloud.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: roles.own, PolicyDocument: trust }),
    );
  });

  const refused = { name: expect.stringMatching(/^AccessDenied(Exception)?$/) };
  const keyOf = (tenant: string): Item => ({
    pk: { S: `T#${tenant}#P#${ids[tenant]}` },
    sk: { S: `Patient#${ids[tenant]}` },
  });

  test('are given for one tenant, by the function’s own role, or not at all', async () => {
    const tenant = ['tenant', clinic.tenant] as const;
    await expect(assumed(sts, roles.tenant, [])).rejects.toMatchObject(refused);
    await expect(assumed(sts, roles.tenant, [['tenant', '*']])).rejects.toMatchObject(refused);
    await expect(assumed(sts, roles.tenant, [tenant, ['role', 'admin']])).rejects.toMatchObject(refused);
    await expect(assumed(clinic.cloud.sts, roles.tenant, [tenant])).rejects.toMatchObject(refused);
  });

  describe.each(['its own', 'another'] as const)('on %s tenant’s', (whose) => {
    const isOwn = whose === 'its own';
    const tenantOf = (): string => (isOwn ? clinic.tenant : elsewhere.tenant);
    const check = async (call: Promise<unknown>): Promise<void> => {
      if (isOwn) await expect(call).resolves.toBeDefined();
      else await expect(call).rejects.toMatchObject(refused);
    };

    test('records', async () => {
      const Key = keyOf(tenantOf());
      const Keys = isOwn ? [Key] : [keyOf(clinic.tenant), Key];
      await check(dynamodb.send(new BatchGetItemCommand({ RequestItems: { [tables.records]: { Keys } } })));
      await check(
        dynamodb.send(
          new QueryCommand({
            TableName: tables.records,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': Key.pk ?? { NULL: true } },
          }),
        ),
      );
      const Item = { pk: { S: `T#${tenantOf()}#I#integration-test` }, sk: { S: 'I' } };
      await check(
        dynamodb.send(
          new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: tables.records, Item } }] }),
        ),
      );
    });

    test('keys of patients and branches', async () => {
      const Keys = [{ pk: { S: `T#${tenantOf()}#B#identity` }, sk: { S: 'CURRENT' } }];
      await check(dynamodb.send(new BatchGetItemCommand({ RequestItems: { [tables.keyring]: { Keys } } })));
      const { variables } = await environmentOf(clinic.cloud, clinical);
      for (const compartment of branches) {
        const { Item } = await clinic.cloud.dynamodb.send(
          new GetItemCommand({
            TableName: tables.keyring,
            Key: { pk: { S: `T#${tenantOf()}#B#${compartment}` }, sk: { S: 'CURRENT' } },
          }),
        );
        const decrypt = kms.send(
          new DecryptCommand({
            KeyId: variables.FIELD_KEY_ARN,
            CiphertextBlob: Item?.key?.B ?? new Uint8Array(),
            EncryptionContext: { tenant: tenantOf(), compartment },
          }),
        );
        const opens = isOwn && branchesOf('clinical').includes(compartment as Branch);
        if (opens) await expect(decrypt).resolves.toMatchObject({ Plaintext: expect.anything() });
        else await expect(decrypt, compartment).rejects.toMatchObject(refused);
      }
    });

    test('sessions and audit entries', async () => {
      const Key = { pk: { S: `T#${tenantOf()}#U#nobody` }, sk: { S: 'SESSIONS' } };
      await check(
        dynamodb.send(
          new UpdateItemCommand({
            TableName: tables.sessions,
            Key,
            UpdateExpression: 'SET n = :n',
            ExpressionAttributeValues: { ':n': { N: '1' } },
          }),
        ),
      );
      const entry = { pk: { S: `T#${tenantOf()}#E#2001-01-01#0` }, sk: { S: 'integration-test' } };
      await check(
        dynamodb.send(
          new PutItemCommand({ TableName: tables.audit, Item: { ...entry, entry: { S: '{}' } } }),
        ),
      );
      if (isOwn)
        await clinic.cloud.dynamodb.send(new DeleteItemCommand({ TableName: tables.audit, Key: entry }));
    });
  });

  test('change, take away or read no audit entry, delete no record, reach no directory, scan nothing', async () => {
    const own = keyOf(clinic.tenant);
    const entry = { pk: { S: `T#${clinic.tenant}#E#2001-01-01#0` }, sk: { S: 'x' } };
    const principal = { pk: { S: `U#${provider.subject}` }, sk: { S: 'PRINCIPAL' } };
    const update = { UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: 'a' } } };
    const calls = [
      new DeleteItemCommand({ TableName: tables.audit, Key: entry }),
      new UpdateItemCommand({ TableName: tables.audit, Key: entry, ...update }),
      new GetItemCommand({ TableName: tables.audit, Key: entry }),
      new DeleteItemCommand({ TableName: tables.records, Key: own }),
      new GetItemCommand({ TableName: tables.directory, Key: principal }),
      new UpdateItemCommand({ TableName: tables.directory, Key: principal, ...update }),
      ...Object.values(tables).map((TableName) => new ScanCommand({ TableName })),
    ];
    for (const call of calls)
      await expect(dynamodb.send(call as ScanCommand), call.constructor.name).rejects.toMatchObject(refused);
  });
});
