import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { ask, factsOfRefusal, operationOf, patientBody, person, vitalBody } from './clinic.ts';

let cloud: TestCloud;
let ports: ChartPorts;
let provider: Principal;
let admin: Principal;
let tenant: string;
let patient: string;
beforeAll(async () => {
  cloud = await startTestCloud();
});
beforeEach(async () => {
  tenant = await cloud.newTenant();
  ports = cloud.newPorts();
  provider = person(tenant, 'provider');
  admin = person(tenant, 'admin');
  patient = (await ask(ports, provider, 'Patient.create', { body: patientBody })).body.id ?? '';
});
afterAll(() => cloud?.stop());

const refusal = (code: string) => expect.objectContaining({ code });
const find = (who: Principal, where: object, fields?: readonly string[]) =>
  ask(ports, who, 'Patient.search', { body: { where, ...(fields && { fields }) } });

test.each([
  ['record number', { mrn: 'syn-000042' }],
  ['social security number, written otherwise', { ssn: '219099999' }],
  ['e-mail, in another case', { email: 'JOSE.OBRIEN@example.org' }],
  ['name and birth date', { family: "o'brien", birthDate: '1984-02-29' }],
  ['an identifier of another system', { system: 'urn:oid:2.999.2', value: 'ext-8' }],
])('finds a patient by %s', async (_, where) => {
  const { body, facts } = await find(provider, where);
  expect(body).toEqual({ items: [{ id: patient, name: patientBody.name }], complete: true });
  expect(facts.disclosed).toEqual(['id', 'name']);
  expect(facts.matches).toEqual([{ patient, id: patient, version: 1 }]);
  expect(facts.policy).toBe('Patient.provider.TREAT.search');
});

test('finds nothing by another value, and says so in its audit facts', async () => {
  const { body, facts } = await find(provider, { mrn: 'SYN-000043' });
  expect(body).toEqual({ items: [], complete: true });
  expect([facts.disclosed, facts.matches]).toEqual([[], []]);
});

test('answers the fields asked for', async () => {
  const { body } = await find(provider, { mrn: 'SYN-000042' }, ['ssn', 'phone']);
  expect(body.items).toEqual([{ ssn: patientBody.ssn, phone: patientBody.phone }]);
});

test('a field beyond the permission is refused, asked for or searched by', async () => {
  const billing = person(tenant, 'billing');
  await expect(find(billing, { mrn: 'SYN-000042' }, ['ssn'])).rejects.toThrow(refusal('field-not-permitted'));
  await expect(find(billing, { ssn: '219-09-9999' })).rejects.toThrow(refusal('field-not-permitted'));
  await expect(find(billing, { email: patientBody.email })).rejects.toThrow(refusal('field-not-permitted'));
});

test('the search holds only what the permission reaches', async () => {
  expect((await find(person(tenant, 'provider'), { mrn: 'SYN-000042' })).body.items).toEqual([]);
  expect((await find(admin, { mrn: 'SYN-000042' })).body.items).toHaveLength(1);
  expect((await find(person(tenant, 'billing'), { mrn: 'SYN-000042' })).body.items).toHaveLength(1);
});

test('another tenant does not find it, nor is its index entry the same', async () => {
  const other = await cloud.newTenant();
  await ask(ports, person(other, 'admin'), 'Patient.create', { body: patientBody });
  const found = await find(person(other, 'admin'), { mrn: 'SYN-000042' });
  expect(found.body.items).toHaveLength(1);
  expect(found.body.items?.[0]?.id).not.toBe(patient);
  const entries = (await cloud.items('records'))
    .map(({ pk }) => pk?.S ?? '')
    .filter((pk) => pk.includes('#X#'));
  const hmacs = (of: string) =>
    entries.filter((pk) => pk.startsWith(`T#${of}#`)).map((pk) => pk.split('#').at(-1));
  expect(hmacs(tenant)).toHaveLength(6);
  expect(hmacs(other).filter((hmac) => hmacs(tenant).includes(hmac))).toEqual([]);
});

test.each([
  ['an unknown parameter', { name: 'x' }],
  ['half of an index', { family: 'x' }],
  ['two indexes', { mrn: 'x', ssn: 'y' }],
  ['no parameter', {}],
  ['no object', null],
])('a search by %s is refused', async (_, where) => {
  await expect(find(provider, where as object)).rejects.toThrow(refusal('invalid-body'));
});

test.each(['compliance', 'operator', 'patient'] as const)('a %s does not search patients', async (role) => {
  const asked = ask(ports, person(tenant, role, { patient }), 'Patient.search', {
    body: { where: { mrn: 'SYN-000042' } },
    purpose: 'TREAT',
  });
  await expect(asked).rejects.toThrow(refusal('not-permitted'));
});

test('matches beyond the reach of the caller neither count nor take the place of those within', async () => {
  const same = { ...patientBody, mrn: 'SAME' };
  for (let n = 0; n < 25; n += 1) await ask(ports, provider, 'Patient.create', { body: same });
  const before = (await find(provider, { mrn: 'SAME' })).body;
  const colleague = person(tenant, 'provider');
  for (let n = 0; n < 12; n += 1) await ask(ports, colleague, 'Patient.create', { body: same });
  const after = (await find(provider, { mrn: 'SAME' })).body;
  expect(after).toEqual(before);
  expect(after.items).toHaveLength(25);
  expect(after.complete).toBe(true);
  expect((await find(colleague, { mrn: 'SAME' })).body.items).toHaveLength(12);
});

test('at most 25 matches are answered, and whether there are more', async () => {
  const same = { ...patientBody, identifier: [], email: 'shared@example.org' };
  for (let n = 0; n < 25; n += 1)
    await ask(ports, admin, 'Patient.create', { body: { ...same, mrn: `SYN-${n}` } });
  const all = await find(admin, { email: 'shared@example.org' });
  expect(all.body.items).toHaveLength(25);
  expect(all.body.complete).toBe(true);
  await ask(ports, admin, 'Patient.create', { body: { ...same, mrn: 'SYN-25' } });
  const more = await find(admin, { email: 'shared@example.org' });
  expect(more.body.items).toHaveLength(25);
  expect(more.body.complete).toBe(false);
  expect(more.facts.matches).toHaveLength(25);
});

test("lists a patient's records of one type, the latest recorded first", async () => {
  for (let n = 0; n < 26; n += 1)
    await ask(ports, provider, 'Vital.create', {
      body: vitalBody(patient, n),
      now: new Date(Date.now() + n),
    });
  const list = await ask(ports, provider, 'Vital.search', {
    body: { where: { patient }, fields: ['valueQuantity'] },
    now: new Date(Date.now() + 1000),
  });
  expect(list.body.items?.map(({ valueQuantity }) => (valueQuantity as { value: number }).value)).toEqual(
    Array.from({ length: 25 }, (_, n) => 25 - n),
  );
  expect(list.body.complete).toBe(false);
  expect(list.facts.patient).toBe(patient);
  expect(list.facts.matches).toHaveLength(25);
});

test("a patient's records are listed for those who reach the patient; absence is told alike", async () => {
  await ask(ports, provider, 'Vital.create', { body: vitalBody(patient) });
  const list = (who: Principal, of = patient) =>
    ask(ports, who, 'Vital.search', { body: { where: { patient: of } } });
  expect((await list(person(tenant, 'patient', { patient }))).body.items).toHaveLength(1);
  await expect(list(person(tenant, 'provider'))).rejects.toThrow(refusal('not-found'));
  await expect(list(person(await cloud.newTenant(), 'admin'))).rejects.toThrow(refusal('not-found'));
  await expect(list(admin, '00000000000000000000000000')).rejects.toThrow(refusal('not-found'));
});

const plant = (pk: string, id: string) =>
  cloud.root.dynamodb.send(
    new PutItemCommand({ TableName: 'records', Item: marshall({ pk, sk: `Patient#${id}` }) }),
  );

const indexPartition = async (): Promise<string> => {
  const entry = (await cloud.items('records')).find(
    ({ pk, sk }) => pk?.S?.startsWith(`T#${tenant}#X#Patient.mrn#`) && sk?.S === `Patient#${patient}`,
  );
  return entry?.pk?.S ?? '';
};
const another = async (): Promise<string> =>
  (await ask(ports, provider, 'Patient.create', { body: { ...patientBody, mrn: 'SYN-7' } })).body.id ?? '';

test('an index entry that was planted for a record that never had the value is a failure of integrity', async () => {
  await plant(await indexPartition(), await another());
  await expect(find(provider, { mrn: 'SYN-000042' })).rejects.toThrow(refusal('integrity-failure'));
});

test('an index entry that was planted for no record leads nowhere', async () => {
  const partition = await indexPartition();
  await plant(partition, '00000000000000000000000000');
  await plant(partition, 'no id');
  const { body } = await find(provider, { mrn: 'SYN-000042' });
  expect(body.items).toMatchObject([{ id: patient }]);
});

test('a record whose value changed while it was searched for is no match', async () => {
  const moved = await another();
  let searches = 0;
  const raced: ChartPorts['records'] = {
    ...ports.records,
    find: async (...asked) => {
      searches += 1;
      const found = await ports.records.find(...asked);
      return searches === 1 ? [...found, moved] : found;
    },
  };
  const { body } = await ask({ ...ports, records: raced }, provider, 'Patient.search', {
    body: { where: { mrn: 'SYN-000042' } },
  });
  expect(body.items).toMatchObject([{ id: patient }]);
  expect(searches).toBe(2);
});

test('a record that changed and changed back while it was searched for is no tampering', async () => {
  const moved = await another();
  let searches = 0;
  const raced: ChartPorts['records'] = {
    ...ports.records,
    find: async (...asked) => {
      searches += 1;
      if (searches === 1) return [...(await ports.records.find(...asked)), moved];
      const body = { ...patientBody, identifier: [] };
      await ask(ports, provider, 'Patient.update', { id: moved, ifMatch: 1, body });
      return ports.records.find(...asked);
    },
  };
  const { body } = await ask({ ...ports, records: raced }, provider, 'Patient.search', {
    body: { where: { mrn: 'SYN-000042' } },
  });
  expect(body.items).toMatchObject([{ id: patient }]);
});

test('a permission that does not disclose whose the records are does not search by patient', async () => {
  const operation = operationOf('Vital.search');
  const permission = {
    interactions: ['search'],
    purposes: ['TREAT'],
    reach: 'careTeam',
    discloses: ['id', 'code'],
  } as const;
  const resource = { ...operation.resource, permissions: { provider: [permission] } };
  const asked = ask(ports, provider, { ...operation, resource }, { body: { where: { patient } } });
  await expect(asked).rejects.toThrow(refusal('field-not-permitted'));
});

test('what is no patient id is refused, and not noted', async () => {
  const asked = ask(ports, admin, 'Vital.search', { body: { where: { patient: '219-09-9999' } } });
  expect(await factsOfRefusal(asked)).toEqual({ resource: 'Vital', policy: 'Vital.admin.HOPERAT.search' });
  await expect(asked).rejects.toThrow(refusal('invalid-body'));
});

test('an entry whose record is gone leads nowhere', async () => {
  const Key = marshall({ pk: `T#${tenant}#P#${patient}`, sk: `Patient#${patient}` });
  await cloud.root.dynamodb.send(new DeleteItemCommand({ TableName: 'records', Key }));
  expect((await find(provider, { mrn: 'SYN-000042' })).body).toEqual({ items: [], complete: true });
});
