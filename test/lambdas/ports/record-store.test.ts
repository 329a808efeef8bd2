import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { newIdempotencyEntry } from '../../../lambdas/domain/idempotency.ts';
import { authenticateAccess } from '../../../lambdas/domain/item-authentication.ts';
import { newestKey, newPatientKeys } from '../../../lambdas/domain/patient-keys.ts';
import { createRecord } from '../../../lambdas/domain/record-content.ts';
import type { StoredRecord } from '../../../lambdas/domain/stored-record.ts';
import type { Change, RecordStore } from '../../../lambdas/ports/record-store.ts';
import { patient as patientResource } from '../../../model/resources/patient.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { observed } from '../counted-calls.ts';
import { newBranches, newKey, newPatient } from '../domain/keys.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let store: RecordStore;
let tenant: string;
beforeAll(async () => {
  cloud = await startTestCloud();
  tenant = await cloud.newTenant();
  store = cloud.newPorts().records;
});
afterAll(() => cloud?.stop());

const refusal = (code: string) => expect.objectContaining({ code });
const index = newKey();
let count = 0;
const entry = (): AuditEntry => {
  count += 1;
  return {
    format: 1,
    id: String(count).padStart(26, '0'),
    type: 'PHI_MODIFICATION',
    time: '2026-01-01T00:00:00.000Z',
    tenant,
    operation: 'Patient.create',
    outcome: 'success',
    status: 201,
    duration: 1,
    requestId: 'r',
    writer: 'w',
    writerCounter: count,
  };
};
const chart = () => {
  count += 1;
  const id = `PATIENT${String(count).padStart(19, '0')}`;
  const { keys, stored } = newPatient(tenant, id);
  const address = { tenant, patient: id, resource: 'Patient', id };
  const { record } = createRecord(
    patientResource,
    address,
    patientResource.example,
    { patient: keys, index: index.key },
    new Date(),
  );
  const access = (version: number) =>
    authenticateAccess({ tenant, patient: id, version }, { grants: {} }, newestKey(keys, 'integrity'));
  return { id, record, stored, access };
};
const commit = (...changes: readonly Change[]) => store.commit(tenant, changes, entry());
const stored = async (id: string): Promise<StoredRecord | undefined> =>
  (await store.fetch({ tenant, patients: [], records: [{ patient: id, resource: 'Patient', id }] })).record(
    id,
  );

test('what was committed is fetched as it was', async () => {
  const { id, record, stored: keys, access } = chart();
  const remembered = newIdempotencyEntry({ tenant, digest: 'd', id, version: 1 }, {}, index.key, new Date());
  await commit(
    { kind: 'record', record },
    { kind: 'newKeys', keys },
    { kind: 'access', item: access(1) },
    { kind: 'idempotency', entry: remembered, now: new Date() },
  );
  const fetched = await store.fetch({
    tenant,
    records: [{ patient: id, resource: 'Patient', id }],
    patients: [id, 'nobody'],
    idempotency: 'd',
  });
  const { sealed, digests, code, ...rest } = record;
  const found = fetched.record(id);
  expect(found).toMatchObject(rest);
  expect(Buffer.from(found?.code ?? [])).toEqual(code);
  for (const field of Object.keys(sealed)) {
    expect(Buffer.from(found?.sealed[field] ?? [])).toEqual(sealed[field]);
    expect(Buffer.from(found?.digests[field] ?? [])).toEqual(digests[field]);
  }
  expect(Object.keys(fetched.keys(id)?.wrapped ?? {}).sort()).toEqual(Object.keys(keys.wrapped).sort());
  expect(fetched.access(id)?.content).toBe('{"grants":{}}');
  expect(fetched.idempotency).toMatchObject({ digest: 'd', id, version: 1, expiresAt: remembered.expiresAt });
  expect([fetched.access('nobody'), fetched.keys('nobody'), fetched.record('nobody')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('nothing that exists is overwritten by what is new', async () => {
  const { record, stored: keys, access } = chart();
  const now = new Date();
  const remembered = newIdempotencyEntry({ tenant, digest: 'e', id: 'i', version: 1 }, {}, index.key, now);
  const changes: readonly Change[] = [
    { kind: 'record', record },
    { kind: 'history', record },
    { kind: 'newKeys', keys },
    { kind: 'access', item: access(1) },
    { kind: 'idempotency', entry: remembered, now },
  ];
  for (const change of changes) {
    await commit(change);
    await expect(commit(change)).rejects.toThrow(refusal('conflict'));
  }
});

test('a version is replaced only while it is the current one', async () => {
  const { id, record, access } = chart();
  await commit({ kind: 'record', record }, { kind: 'access', item: access(1) });
  const second = { ...record, version: 2 };
  await expect(commit({ kind: 'record', record: second, replaces: 2 })).rejects.toThrow(
    refusal('version-mismatch'),
  );
  await expect(commit({ kind: 'access', item: access(2), replaces: 2 })).rejects.toThrow(refusal('conflict'));
  await commit(
    { kind: 'record', record: second, replaces: 1 },
    { kind: 'access', item: access(2), replaces: 1 },
  );
  expect((await stored(id))?.version).toBe(2);
  await expect(
    commit({ kind: 'access', item: access(2), replaces: 1 }, { kind: 'record', record: second, replaces: 1 }),
  ).rejects.toThrow(refusal('version-mismatch'));
});

test('a key is added to keys that are there, and never replaces one', async () => {
  const { id, stored: keys } = chart();
  const { 'clinical.1': clinical, ...rest } = keys.wrapped;
  const more = { ...keys, wrapped: { 'clinical.1': clinical ?? new Uint8Array() } };
  await expect(commit({ kind: 'moreKeys', keys: more })).rejects.toThrow(refusal('conflict'));
  await commit({ kind: 'newKeys', keys: { ...keys, wrapped: rest } });
  await commit({ kind: 'moreKeys', keys: more });
  await expect(commit({ kind: 'moreKeys', keys: more })).rejects.toThrow(refusal('conflict'));
  const fetched = await store.fetch({ tenant, patients: [id] });
  expect(Object.keys(fetched.keys(id)?.wrapped ?? {}).sort()).toEqual(Object.keys(keys.wrapped).sort());
});

test('a remembered request may be replaced only when it has expired', async () => {
  const made = new Date('2026-01-01T00:00:00Z');
  const remembered = newIdempotencyEntry({ tenant, digest: 'f', id: 'i', version: 1 }, {}, index.key, made);
  const at = (hours: number): Change => ({
    kind: 'idempotency',
    entry: remembered,
    now: new Date(made.getTime() + hours * 3_600_000),
  });
  await commit(at(0));
  await expect(commit(at(23))).rejects.toThrow(refusal('conflict'));
  await commit(at(24));
});

test('all changes are made with the audit entry, or none', async () => {
  const { id, record } = chart();
  const same = entry();
  await store.commit(tenant, [{ kind: 'history', record }], same);
  await expect(store.commit(tenant, [{ kind: 'record', record }], same)).rejects.toThrow(
    refusal('unavailable'),
  );
  expect(await stored(id)).toBeUndefined();
});

test('a transaction carries a token of its own, so that a retry is the same transaction', async () => {
  const tokens: unknown[] = [];
  const { dynamodb } = cloud.clientsFor(tenant);
  const middleware =
    (next: (args: object) => Promise<object>) => (args: { input: { ClientRequestToken?: string } }) => {
      if ('TransactItems' in args.input) tokens.push(args.input.ClientRequestToken);
      return next(args);
    };
  dynamodb.middlewareStack.add(middleware as never, { step: 'initialize', name: 'tokens' });
  await commit({ kind: 'record', record: chart().record });
  await commit({ kind: 'record', record: chart().record });
  dynamodb.middlewareStack.remove('tokens');
  expect(tokens).toEqual([expect.stringMatching(/^.{36}$/), expect.stringMatching(/^.{36}$/)]);
  expect(tokens[0]).not.toBe(tokens[1]);
});

test.each([
  ['a conflict with another transaction', [{ Code: 'None' }, { Code: 'TransactionConflict' }], 'conflict'],
  ['throttling', [{ Code: 'None' }, { Code: 'ThrottlingError' }], 'unavailable'],
  ['no known reason', undefined, 'unavailable'],
] as const)('a transaction that fails by %s is told as such', async (_, CancellationReasons, code) => {
  const cancel = () => Promise.reject(Object.assign(new Error('cancelled'), { CancellationReasons }));
  const { record } = chart();
  const failing = answering(cloud.clientsFor(tenant).dynamodb, 'TransactWriteItems', cancel, () =>
    commit({ kind: 'record', record }),
  );
  await expect(failing).rejects.toThrow(refusal(code));
});

test("another tenant's records are not reached, whatever is asked", async () => {
  const { id, record } = chart();
  await commit({ kind: 'record', record });
  const other = await cloud.newTenant();
  const wanted = { patients: [], records: [{ patient: id, resource: 'Patient', id }] };
  expect((await store.fetch({ ...wanted, tenant: other })).record(id)).toBeUndefined();
  await expect(
    store.commit(other, [{ kind: 'record', record, replaces: 1 }], { ...entry(), tenant: other }),
  ).rejects.toThrow(refusal('unavailable'));
});

test('index entries are found by their value, at most as many as wanted', async () => {
  const charts = [chart(), chart(), chart()];
  const changes = charts.map(({ record }): Change => ({ kind: 'addIndex', record, entry: 'Patient.mrn#h' }));
  await commit(...changes);
  const ids = charts.map(({ id }) => id).sort();
  expect(await store.find(tenant, 'Patient', 'Patient.mrn#h', 26)).toEqual(ids);
  expect(await store.find(tenant, 'Patient', 'Patient.mrn#h', 2)).toEqual(ids.slice(0, 2));
  expect(await store.find(tenant, 'Vital', 'Patient.mrn#h', 26)).toEqual([]);
  expect(await store.find(tenant, 'Patient', 'Patient.mrn#i', 26)).toEqual([]);
  const first = charts[0];
  if (first) await commit({ kind: 'removeIndex', record: first.record, entry: 'Patient.mrn#h' });
  expect(await store.find(tenant, 'Patient', 'Patient.mrn#h', 26)).toHaveLength(2);
});

test("a patient's records of a type are listed without the Access item, history and other types", async () => {
  const { id, record, access } = chart();
  await commit({ kind: 'record', record }, { kind: 'access', item: access(1) });
  await commit({ kind: 'history', record });
  expect((await store.list(tenant, id, 'Patient', 26)).map((listed) => listed.id)).toEqual([id]);
  expect(await store.list(tenant, id, 'Pat', 26)).toEqual([]);
  expect(await store.list(tenant, id, 'Vital', 26)).toEqual([]);
});

test('queries are consistent', async () => {
  const inputs: { ConsistentRead?: boolean }[] = [];
  const { dynamodb } = cloud.clientsFor(tenant);
  const middleware =
    (next: (args: object) => Promise<object>) => (args: { input: { ConsistentRead?: boolean } }) => {
      inputs.push(args.input);
      return next(args);
    };
  dynamodb.middlewareStack.add(middleware as never, { step: 'initialize', name: 'inputs' });
  await store.find(tenant, 'Patient', 'Patient.mrn#h', 1);
  await store.list(tenant, 'p', 'Patient', 1);
  dynamodb.middlewareStack.remove('inputs');
  expect(inputs.map(({ ConsistentRead }) => ConsistentRead)).toEqual([true, true]);
});

test('keys that are not wrapped by a known branch are stored as they are: the store opens nothing', async () => {
  const keys = newPatientKeys({ tenant, patient: 'p' }, ['identity'], newBranches());
  const { clientsFor, calls } = observed(cloud.clientsFor);
  await cloud.newPorts(clientsFor).records.commit(tenant, [{ kind: 'newKeys', keys }], entry());
  expect(calls.map(({ name }) => name)).toEqual(['dynamodb TransactWriteItems']);
});

test('while the tables are gone nothing is served', async () => {
  const { record } = chart();
  await cloud.root.dynamodb.send(new DeleteTableCommand({ TableName: 'records' }));
  await expect(store.fetch({ tenant, patients: ['p'] })).rejects.toThrow(refusal('unavailable'));
  await expect(store.find(tenant, 'Patient', 'Patient.mrn#h', 1)).rejects.toThrow(refusal('unavailable'));
  await expect(store.list(tenant, 'p', 'Patient', 1)).rejects.toThrow(refusal('unavailable'));
  await expect(commit({ kind: 'record', record })).rejects.toThrow(refusal('unavailable'));
});
