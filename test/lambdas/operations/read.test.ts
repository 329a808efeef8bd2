import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { observed } from '../counted-calls.ts';
import { ask, factsOfRefusal, patientBody, person } from './clinic.ts';

let cloud: TestCloud;
let ports: ChartPorts;
let provider: Principal;
let tenant: string;
let patient: string;
beforeAll(async () => {
  cloud = await startTestCloud();
  tenant = await cloud.newTenant();
  ports = cloud.newPorts();
  provider = person(tenant, 'provider');
  patient = (await ask(ports, provider, 'Patient.create', { body: patientBody })).body.id ?? '';
});
afterAll(() => cloud?.stop());

const refusal = (code: string) => expect.objectContaining({ code });
const read = (who: Principal, more = {}) => ask(ports, who, 'Patient.read', { id: patient, ...more });

test('without fields a read answers the summary, with the version', async () => {
  const { status, headers, body, facts, committed } = await read(provider);
  expect(status).toBe(200);
  expect(headers).toEqual({ etag: '"1"' });
  expect(body).toEqual({ id: patient, name: patientBody.name });
  expect(facts).toEqual({
    resource: 'Patient',
    policy: 'Patient.provider.TREAT.read',
    patient,
    resourceId: patient,
    version: 1,
    disclosed: ['id', 'name'],
  });
  expect(committed).toBe(false);
});

test('with fields it answers those, as they were written', async () => {
  const fields = Object.keys(patientBody);
  const { body, facts } = await read(provider, { fields });
  expect(body).toEqual(patientBody);
  expect(facts.disclosed).toEqual(fields);
});

test.each([
  ['billing', ['name', 'birthDate', 'mrn', 'address', 'insurance']],
  ['admin', ['ssn', 'identifier']],
] as const)('%s reads its fields of any patient of the tenant', async (role, fields) => {
  const { body } = await read(person(tenant, role), { fields });
  expect(Object.keys(body)).toEqual(fields);
});

test('a patient reads the own record', async () => {
  const { body } = await read(person(tenant, 'patient', { patient }), { fields: ['ssn'] });
  expect(body).toEqual({ ssn: patientBody.ssn });
});

test('a field beyond the permission is refused, and noted', async () => {
  await expect(read(person(tenant, 'billing'), { fields: ['name', 'ssn'] })).rejects.toThrow(
    expect.objectContaining({ code: 'field-not-permitted', policy: 'Patient.billing.HPAYMT.read' }),
  );
});

test.each(['compliance', 'operator'] as const)(
  'a %s reads nothing, whatever the chain let through',
  async (role) => {
    await expect(read(person(tenant, role), { purpose: 'HOPERAT' })).rejects.toThrow(
      refusal('not-permitted'),
    );
  },
);

test('without a purpose nothing is read', async () => {
  await expect(read(person(tenant, 'compliance'))).rejects.toThrow(refusal('not-permitted'));
});

test('no relationship, another tenant, absence and a bad id are told alike', async () => {
  const elsewhere = person(await cloud.newTenant(), 'admin');
  const asked = [
    read(person(tenant, 'provider')),
    read(person(tenant, 'nurse')),
    read(person(tenant, 'patient', { patient: '00000000000000000000000000' })),
    read(elsewhere),
    read(person(tenant, 'admin'), { id: '00000000000000000000000000' }),
    read(person(tenant, 'admin'), { id: `${patient}.01JD0000000000000000000000` }),
    read(person(tenant, 'admin'), { id: '219-09-9999' }),
    ask(ports, person(tenant, 'admin'), 'Vital.read', { id: `${patient}.01JD0000000000000000000000` }),
  ];
  const errors = await Promise.allSettled(asked);
  for (const result of errors) {
    expect(result.status).toBe('rejected');
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ code: 'not-found', policy: undefined });
  }
});

test('what is denied makes the same calls as what is absent', async () => {
  const { clientsFor, calls } = observed(cloud.clientsFor);
  const counted = cloud.newPorts(clientsFor);
  const denied = person(tenant, 'provider');
  const callsFor = async (id: string): Promise<string[]> => {
    calls.length = 0;
    await expect(ask(counted, denied, 'Patient.read', { id })).rejects.toThrow(refusal('not-found'));
    return calls.map(({ name }) => name);
  };
  await callsFor(patient);
  expect(await callsFor('00000000000000000000000000')).toEqual(['dynamodb BatchGetItem']);
  expect(await callsFor(patient)).toEqual(['dynamodb BatchGetItem']);
});

test('what is no id makes no call, and is not noted', async () => {
  const { clientsFor, calls } = observed(cloud.clientsFor);
  const asked = ask(cloud.newPorts(clientsFor), person(tenant, 'admin'), 'Patient.read', {
    id: '219-09-9999',
  });
  expect(await factsOfRefusal(asked)).toEqual({ resource: 'Patient', policy: 'Patient.admin.HOPERAT.read' });
  expect(calls).toEqual([]);
});

test('what is denied is noted with patient, record and policy', async () => {
  const vital = `${patient}.01JD0000000000000000000000`;
  expect(await factsOfRefusal(ask(ports, person(tenant, 'nurse'), 'Vital.read', { id: vital }))).toEqual({
    resource: 'Vital',
    policy: 'Vital.nurse.TREAT.read',
    patient,
    resourceId: vital,
  });
});

test('no chart content is opened for who has no relationship', async () => {
  const edited = await cloud.edit(
    'records',
    ({ pk, sk }) => pk?.S === `T#${tenant}#P#${patient}` && sk?.S === `Patient#${patient}`,
    (item) => ({ ...item, plain: { S: '{"edited":true}' } }),
  );
  expect(edited).toBe(1);
  await expect(read(person(tenant, 'provider'))).rejects.toThrow(refusal('not-found'));
  await expect(read(provider)).rejects.toThrow(refusal('integrity-failure'));
});
