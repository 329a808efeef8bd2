import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { verifyHistory } from '../../../lambdas/domain/item-authentication.ts';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import { recordFrom } from '../../../lambdas/ports/record-items.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { ask, factsOfRefusal, patientBody, person, vitalBody } from './clinic.ts';

let cloud: TestCloud;
let ports: ChartPorts;
let provider: Principal;
let tenant: string;
let patient: string;
beforeAll(async () => {
  cloud = await startTestCloud();
});
beforeEach(async () => {
  tenant = await cloud.newTenant();
  ports = cloud.newPorts();
  provider = person(tenant, 'provider');
  patient = (await ask(ports, provider, 'Patient.create', { body: patientBody })).body.id ?? '';
});
afterAll(() => cloud?.stop());

const refusal = (code: string) => expect.objectContaining({ code });
const changed = { ...patientBody, phone: '+1 555 0199', ssn: '219-09-8888' };
const update = (who: Principal, more = {}) =>
  ask(ports, who, 'Patient.update', { id: patient, ifMatch: 1, body: changed, ...more });
const own = async (prefix: string) =>
  (await cloud.items('records')).filter(({ pk, sk }) =>
    `${pk?.S} ${sk?.S}`.startsWith(`T#${tenant}#${prefix}`),
  );

test('an update replaces what the caller may write, and says what changed', async () => {
  const { status, headers, body, facts, committed } = await update(provider);
  expect(status).toBe(200);
  expect(headers).toEqual({ etag: '"2"' });
  expect(body).toEqual({ id: patient });
  expect(facts).toMatchObject({
    policy: 'Patient.provider.TREAT.update',
    patient,
    resourceId: patient,
    version: 2,
  });
  expect(facts.changes).toEqual(
    ['ssn', 'phone'].map((field) => ({ field, before: expect.any(String), after: expect.any(String) })),
  );
  expect(facts.type).toBeUndefined();
  expect(committed).toBe(true);
  const read = await ask(ports, provider, 'Patient.read', { id: patient, fields: Object.keys(patientBody) });
  expect(read.body).toEqual(changed);
  expect(read.headers).toEqual({ etag: '"2"' });
});

test('a patient changes the own contact details and nothing else', async () => {
  const self = person(tenant, 'patient', { patient });
  await update(self, { body: { email: 'new@example.org' } });
  const fields = Object.keys(patientBody);
  const { phone: _phone, address: _address, ...rest } = patientBody;
  const read = await ask(ports, self, 'Patient.read', { id: patient, fields });
  expect(read.body).toEqual({ ...rest, email: 'new@example.org' });
  await expect(update(self, { ifMatch: 2, body: { mrn: 'SYN-2' } })).rejects.toThrow(
    refusal('field-not-permitted'),
  );
});

test('the version before is kept, authentic under its own key', async () => {
  await update(provider);
  const kept = await own(`P#${patient} H#Patient#${patient}#0000000001`);
  expect(kept).toHaveLength(1);
  const address = { tenant, patient, resource: 'Patient', id: patient };
  const fetched = await ports.records.fetch({ tenant, patients: [patient] });
  const stored = fetched.keys(patient);
  if (!stored || !kept[0]) throw new Error('no keys');
  const keys = await ports.keyRing.patientKeys(stored);
  expect(verifyHistory(recordFrom(address, kept[0]), keys).version).toBe(1);
});

test('the search follows the change', async () => {
  const find = async (ssn: string) =>
    (await ask(ports, provider, 'Patient.search', { body: { where: { ssn } } })).body.items;
  await update(provider);
  expect(await find('219-09-9999')).toEqual([]);
  expect(await find('219-09-8888')).toMatchObject([{ id: patient }]);
  expect(await own('X#')).toHaveLength(6);
});

test('without If-Match nothing is changed', async () => {
  const unconditional = ask(ports, provider, 'Patient.update', { id: patient, body: changed });
  await expect(unconditional).rejects.toThrow(refusal('precondition-required'));
});

test('a version that is not the current one is refused', async () => {
  await expect(update(provider, { ifMatch: 2 })).rejects.toThrow(refusal('version-mismatch'));
  await update(provider);
  await expect(update(provider)).rejects.toThrow(refusal('version-mismatch'));
});

test('of two updates of one version at once one is refused, and none is lost', async () => {
  const results = await Promise.allSettled([1, 2, 3].map(() => update(provider)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(['version-mismatch', 'conflict']).toContain(result.reason.code);
  expect(await own(`P#${patient} H#`)).toHaveLength(1);
});

test('a stale read is found by the store, also when the operation did not see it', async () => {
  const fetched = await ports.records.fetch({
    tenant,
    records: [{ patient, resource: 'Patient', id: patient }],
    patients: [patient],
  });
  await update(provider);
  const stale = { ...ports.records, fetch: async () => fetched };
  const late = ask({ ...ports, records: stale }, provider, 'Patient.update', {
    id: patient,
    ifMatch: 1,
    body: changed,
  });
  await expect(late).rejects.toThrow(refusal('version-mismatch'));
});

test('no relationship, another tenant and absence are told alike', async () => {
  await expect(update(person(tenant, 'provider'))).rejects.toThrow(refusal('not-found'));
  await expect(update(person(await cloud.newTenant(), 'admin'))).rejects.toThrow(refusal('not-found'));
  await expect(update(person(tenant, 'admin'), { id: '00000000000000000000000000' })).rejects.toThrow(
    refusal('not-found'),
  );
  await expect(update(person(tenant, 'admin'), { id: 'x' })).rejects.toThrow(refusal('not-found'));
  const vital = ask(ports, person(tenant, 'admin'), 'Vital.update', {
    id: `${patient}.01JD0000000000000000000000`,
    ifMatch: 1,
    body: { ...vitalBody(patient), patient: undefined },
  });
  await expect(vital).rejects.toThrow(refusal('not-found'));
});

test('what is denied is noted with patient, record and policy', async () => {
  expect(await factsOfRefusal(update(person(tenant, 'provider')))).toEqual({
    resource: 'Patient',
    policy: 'Patient.provider.TREAT.update',
    patient,
    resourceId: patient,
  });
});

test.each(['nurse', 'billing', 'compliance'] as const)(
  'a %s may not update, whatever the chain let through',
  async (role) => {
    await expect(update(person(tenant, role), { purpose: 'TREAT' })).rejects.toThrow(
      refusal('not-permitted'),
    );
  },
);

test('nothing is changed when the audit entry cannot be written', async () => {
  const broken = cloud.newPorts(cloud.clientsFor, { audit: 'missing' });
  const failed = ask(broken, provider, 'Patient.update', { id: patient, ifMatch: 1, body: changed });
  await expect(failed).rejects.toThrow(refusal('unavailable'));
  expect((await ask(ports, provider, 'Patient.read', { id: patient })).headers).toEqual({ etag: '"1"' });
  expect(await own(`P#${patient} H#`)).toEqual([]);
});

test('an assignment that ends takes the access with it', async () => {
  const team = await ask(ports, provider, 'CareTeamAssignment.search', { body: { where: { patient } } });
  const [own] = team.body.items ?? [];
  const { facts } = await ask(ports, provider, 'CareTeamAssignment.update', {
    id: String(own?.id),
    ifMatch: 1,
    body: { role: 'physician', period: { ...(own?.period as object), end: new Date().toISOString() } },
  });
  expect(facts.type).toBe('PRIVILEGE_CHANGE');
  expect(facts.changes?.map(({ field }) => field)).toEqual(['period']);
  await expect(ask(ports, provider, 'Patient.read', { id: patient })).rejects.toThrow(refusal('not-found'));
});

test('nobody prolongs their own access, or gives it to themselves', async () => {
  const admin = person(tenant, 'admin');
  const guest = person(tenant, 'provider');
  const [start, end] = [Date.now() - 3_600_000, Date.now() + 3_600_000].map((at) =>
    new Date(at).toISOString(),
  );
  const own = { patient, member: guest.subject, role: 'physician' };
  const { body } = await ask(ports, admin, 'CareTeamAssignment.create', {
    body: { ...own, period: { start, end } },
  });
  const prolong = (who: Principal) =>
    ask(ports, who, 'CareTeamAssignment.update', {
      id: String(body.id),
      ifMatch: 1,
      body: { role: 'physician', period: { start } },
    });
  const refused = expect.objectContaining({ code: 'not-permitted', policy: 'relationship.self' });
  await expect(prolong(guest)).rejects.toThrow(refused);
  await expect(
    ask(ports, guest, 'CareTeamAssignment.create', { body: { ...own, period: { start } } }),
  ).rejects.toThrow(refused);
  expect((await prolong(provider)).status).toBe(200);
});

test('of two changes to one care team at once, the Access item keeps both or one is refused', async () => {
  const admin = person(tenant, 'admin');
  const team = await ask(ports, admin, 'CareTeamAssignment.search', { body: { where: { patient } } });
  const ends = ask(ports, admin, 'CareTeamAssignment.update', {
    id: String(team.body.items?.[0]?.id),
    ifMatch: 1,
    body: { role: 'physician', period: { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' } },
  });
  const joins = ask(ports, admin, 'CareTeamAssignment.create', {
    body: { patient, member: crypto.randomUUID(), role: 'nurse', period: { start: '2026-01-01T00:00:00Z' } },
  });
  const [ended] = await Promise.allSettled([ends, joins]);
  const reading = ask(ports, provider, 'Patient.read', { id: patient });
  if (ended?.status === 'fulfilled') await expect(reading).rejects.toThrow(refusal('not-found'));
  else expect((await reading).status).toBe(200);
});
