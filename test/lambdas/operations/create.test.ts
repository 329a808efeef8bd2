import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { ask, factsOfRefusal, patientBody, person, vitalBody } from './clinic.ts';

let cloud: TestCloud;
let ports: ChartPorts;
let provider: Principal;
let admin: Principal;
let tenant: string;
beforeAll(async () => {
  cloud = await startTestCloud();
});
beforeEach(async () => {
  tenant = await cloud.newTenant();
  ports = cloud.newPorts();
  provider = person(tenant, 'provider');
  admin = person(tenant, 'admin');
});
afterAll(() => cloud?.stop());

const refusal = (code: string) => expect.objectContaining({ code });
const own = async (table: 'records' | 'audit' | 'keyring') =>
  (await cloud.items(table)).filter(({ pk }) => pk?.S?.startsWith(`T#${tenant}#`));
const create = (who: Principal, body: unknown = patientBody, more = {}) =>
  ask(ports, who, 'Patient.create', { body, ...more });

test('a created record is answered by its id, place and version', async () => {
  const { status, headers, body, facts, committed } = await create(provider);
  expect(status).toBe(201);
  expect(headers).toEqual({ location: `/clinical/v1/patients/${body.id}`, etag: '"1"' });
  expect(body).toEqual({ id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/) });
  expect(facts).toMatchObject({
    policy: 'Patient.provider.TREAT.create',
    patient: body.id,
    resourceId: body.id,
    version: 1,
  });
  expect(facts.changes?.map(({ field }) => field).sort()).toEqual(Object.keys(patientBody).sort());
  expect(committed).toBe(true);
});

test('the record, its index entries, keys, Access item and audit entry are written together', async () => {
  await create(admin);
  const records = (await own('records')).map(
    ({ sk, pk }) => `${pk?.S?.split('#')[2]} ${sk?.S?.split('#')[0]}`,
  );
  expect(records.sort()).toEqual([...Array(6).fill('X Patient'), 'P ACCESS', 'P Patient'].sort());
  expect(await own('audit')).toHaveLength(1);
  const keys = (await own('keyring')).filter(({ sk }) => sk?.S === 'KEYS');
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['clinical.1', 'identity.1', 'integrity.1', 'pk', 'sk']);
});

test('nothing is written when the audit entry cannot be', async () => {
  const before = (await own('records')).length + (await own('keyring')).length;
  const broken = cloud.newPorts(cloud.clientsFor, { audit: 'missing' });
  const failed = ask(broken, provider, 'Patient.create', { body: patientBody });
  await expect(failed).rejects.toThrow(refusal('unavailable'));
  expect((await own('records')).length + (await own('keyring')).length).toBe(before);
});

test('who creates a patient with care-team reach joins its care team', async () => {
  const { body, facts } = await create(provider);
  const team = await ask(ports, provider, 'CareTeamAssignment.search', {
    body: { where: { patient: body.id } },
  });
  expect(team.body.items).toMatchObject([
    { member: provider.subject, role: 'physician', period: { start: expect.any(String) } },
  ]);
  expect(facts.alongside).toEqual([
    { resource: 'CareTeamAssignment', id: team.body.items?.[0]?.id, version: 1 },
  ]);
  expect((await ask(ports, provider, 'Patient.read', { id: body.id ?? '' })).status).toBe(200);
});

test('an admin who creates a patient does not join its care team', async () => {
  const { body, facts } = await create(admin);
  const team = await ask(ports, admin, 'CareTeamAssignment.search', {
    body: { where: { patient: body.id } },
  });
  expect(team.body.items).toEqual([]);
  expect(facts.alongside).toBeUndefined();
});

test.each(['nurse', 'billing', 'patient', 'compliance', 'operator'] as const)(
  'a %s may not create a patient, whatever the chain let through',
  async (role) => {
    await expect(create(person(tenant, role), patientBody, { purpose: 'TREAT' })).rejects.toThrow(
      refusal('not-permitted'),
    );
    expect(await own('records')).toEqual([]);
  },
);

test.each([
  ['an id of its own', { ...patientBody, id: 'PATIENT0000000000000000001' }, 'field-not-permitted'],
  ['an undeclared field', { ...patientBody, password: 'x' }, 'field-not-permitted'],
  ['a required field missing', { name: patientBody.name }, 'invalid-body'],
  ['no object but a list', ['x'], 'invalid-body'],
  ['no object but text', 'x', 'invalid-body'],
  ['nothing in it', null, 'invalid-body'],
])('a body with %s is refused', async (_, body, code) => {
  await expect(create(provider, body)).rejects.toThrow(refusal(code));
});

test('a vital sign is recorded for a patient in care, and for no other', async () => {
  const { body } = await create(provider);
  const patient = body.id ?? '';
  const vital = await ask(ports, provider, 'Vital.create', { body: vitalBody(patient) });
  expect(vital.body.id).toMatch(new RegExp(`^${patient}\\.`));
  expect(vital.facts).toMatchObject({ patient, resourceId: vital.body.id, version: 1 });

  const stranger = person(tenant, 'provider');
  await expect(ask(ports, stranger, 'Vital.create', { body: vitalBody(patient) })).rejects.toThrow(
    refusal('not-found'),
  );
  const absent = vitalBody('00000000000000000000000000');
  await expect(ask(ports, admin, 'Vital.create', { body: absent })).rejects.toThrow(refusal('not-found'));
  await expect(ask(ports, admin, 'Vital.create', { body: vitalBody('not an id') })).rejects.toThrow(
    refusal('not-found'),
  );
  const elsewhere = person(await cloud.newTenant(), 'admin');
  await expect(ask(ports, elsewhere, 'Vital.create', { body: vitalBody(patient) })).rejects.toThrow(
    refusal('not-found'),
  );
});

test('what is refused is noted with the patient, and never with what is no id', async () => {
  const { body } = await create(provider);
  const stranger = person(tenant, 'provider');
  const known = ask(ports, stranger, 'Vital.create', { body: vitalBody(body.id ?? '') });
  expect(await factsOfRefusal(known)).toEqual({
    resource: 'Vital',
    policy: 'Vital.provider.TREAT.create',
    patient: body.id,
  });
  const unknown = ask(ports, stranger, 'Vital.create', { body: vitalBody('219-09-9999') });
  expect(await factsOfRefusal(unknown)).toEqual({ resource: 'Vital', policy: 'Vital.provider.TREAT.create' });
});

test('a relationship gives access from its start on; its entry is a change of privilege', async () => {
  const { body } = await create(admin);
  const nurse = person(tenant, 'nurse');
  const start = new Date(Date.now() + 3_600_000);
  const { facts } = await ask(ports, admin, 'CareTeamAssignment.create', {
    body: { patient: body.id, member: nurse.subject, role: 'nurse', period: { start: start.toISOString() } },
  });
  expect(facts.type).toBe('PRIVILEGE_CHANGE');
  const read = (now: Date) => ask(ports, nurse, 'Patient.read', { id: body.id ?? '', now });
  await expect(read(new Date())).rejects.toThrow(refusal('not-found'));
  expect((await read(start)).status).toBe(200);
});

test('of two changes to a care team at once one is told to try again, and neither is lost', async () => {
  const { body } = await create(admin);
  const assign = (member: string) =>
    ask(ports, admin, 'CareTeamAssignment.create', {
      body: { patient: body.id, member, role: 'nurse', period: { start: '2026-01-01T00:00:00Z' } },
    }).catch((error: { code?: string }) => error.code ?? error);
  const people = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const results = await Promise.all(people.map(assign));
  const done = results.filter((result) => typeof result === 'object');
  expect(done.length).toBeGreaterThan(0);
  expect(results.filter((result) => typeof result !== 'object').every((code) => code === 'conflict')).toBe(
    true,
  );
  const team = await ask(ports, admin, 'CareTeamAssignment.search', {
    body: { where: { patient: body.id } },
  });
  expect(team.body.items).toHaveLength(done.length);
});

test('a compartment key that a patient has not yet is made with the first write that needs it', async () => {
  const { body } = await create(admin);
  const patient = body.id ?? '';
  await cloud.edit(
    'keyring',
    ({ pk, sk }) => pk?.S === `T#${tenant}#P#${patient}` && sk?.S === 'KEYS',
    ({ 'clinical.1': _, ...rest }) => rest,
  );
  const first = await ask(ports, admin, 'Vital.create', { body: vitalBody(patient, 61) });
  await ask(ports, admin, 'Vital.create', { body: vitalBody(patient, 62) });
  const read = await ask(ports, admin, 'Vital.read', { id: first.body.id ?? '', fields: ['valueQuantity'] });
  expect(read.body).toEqual({ valueQuantity: { value: 61, code: '/min' } });
});

const key = 'key-0123456789abcdef';

test('a request with the same Idempotency-Key and body answers what the first made, and makes nothing', async () => {
  const first = await create(provider, patientBody, { idempotencyKey: key });
  const count = (await own('records')).length;
  const again = await create(provider, patientBody, { idempotencyKey: key });
  expect({ ...again, facts: undefined, committed: undefined }).toEqual({
    ...first,
    facts: undefined,
    committed: undefined,
  });
  expect(again.committed).toBe(false);
  expect(again.facts).toMatchObject({
    policy: 'idempotency.replay',
    patient: first.body.id,
    resourceId: first.body.id,
    version: 1,
  });
  expect(await own('records')).toHaveLength(count);
});

test('the same key with another body is refused', async () => {
  await create(provider, patientBody, { idempotencyKey: key });
  const other = { ...patientBody, mrn: 'SYN-2' };
  await expect(create(provider, other, { idempotencyKey: key })).rejects.toThrow(
    refusal('idempotency-key-reused'),
  );
});

test("another person's key is another key", async () => {
  const first = await create(provider, patientBody, { idempotencyKey: key });
  const second = await create(person(tenant, 'provider'), patientBody, { idempotencyKey: key });
  expect(second.body.id).not.toBe(first.body.id);
});

test('a key is forgotten after 24 hours, and may then be used again', async () => {
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  const first = await create(provider, patientBody, { idempotencyKey: key, now: yesterday });
  const second = await create(provider, patientBody, { idempotencyKey: key });
  expect(second.body.id).not.toBe(first.body.id);
});

test('of two requests with one key at once only one makes a record', async () => {
  const results = await Promise.allSettled(
    [1, 2].map(() => create(provider, patientBody, { idempotencyKey: key })),
  );
  const patients = (await own('records')).filter(
    ({ sk, pk }) => sk?.S?.startsWith('Patient#') && pk?.S?.includes('#P#'),
  );
  expect(patients).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
});

test('a replay is for those who may still reach the patient', async () => {
  const { body } = await create(provider);
  const patient = body.id ?? '';
  await ask(ports, provider, 'Vital.create', { body: vitalBody(patient), idempotencyKey: key });
  const team = await ask(ports, provider, 'CareTeamAssignment.search', { body: { where: { patient } } });
  await ask(ports, admin, 'CareTeamAssignment.update', {
    id: String(team.body.items?.[0]?.id),
    ifMatch: 1,
    body: { role: 'physician', period: { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' } },
  });
  const replay = ask(ports, provider, 'Vital.create', { body: vitalBody(patient), idempotencyKey: key });
  await expect(replay).rejects.toThrow(refusal('not-found'));
});
