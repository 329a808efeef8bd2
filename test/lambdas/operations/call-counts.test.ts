import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import type { Call } from '../counted-calls.ts';
import { observed, stepsOf } from '../counted-calls.ts';
import type { Asked } from './clinic.ts';
import { ask, patientBody, person, vitalBody } from './clinic.ts';

let cloud: TestCloud;
let ports: ChartPorts;
let calls: Call[];
let provider: Principal;
let patient: string;
let vital: string;
beforeAll(async () => {
  cloud = await startTestCloud();
  const tenant = await cloud.newTenant();
  const watched = observed(cloud.clientsFor);
  calls = watched.calls;
  ports = cloud.newPorts(watched.clientsFor);
  provider = person(tenant, 'provider');
  patient = (await ask(ports, provider, 'Patient.create', { body: patientBody })).body.id ?? '';
  vital = (await ask(ports, provider, 'Vital.create', { body: vitalBody(patient) })).body.id ?? '';
});
beforeEach(() => {
  calls.length = 0;
});
afterAll(() => cloud?.stop());

const table: readonly (readonly [
  string,
  () => Asked,
  { readonly calls: readonly string[]; readonly steps: number },
])[] = [
  ['Patient.read', () => ({ id: patient }), { calls: ['BatchGetItem'], steps: 1 }],
  ['Vital.read', () => ({ id: vital, fields: ['valueQuantity'] }), { calls: ['BatchGetItem'], steps: 1 }],
  ['Patient.create', () => ({ body: patientBody }), { calls: ['TransactWriteItems'], steps: 1 }],
  [
    'Patient.create',
    () => ({ body: patientBody, idempotencyKey: 'key-0123456789abcdef' }),
    { calls: ['BatchGetItem', 'TransactWriteItems'], steps: 2 },
  ],
  [
    'Vital.create',
    () => ({ body: vitalBody(patient) }),
    { calls: ['BatchGetItem', 'TransactWriteItems'], steps: 2 },
  ],
  [
    'Patient.update',
    () => ({ id: patient, ifMatch: 1, body: { ...patientBody, mrn: 'SYN-2' } }),
    { calls: ['BatchGetItem', 'TransactWriteItems'], steps: 2 },
  ],
  [
    'Patient.search',
    () => ({ body: { where: { mrn: 'SYN-2' } } }),
    { calls: ['Query', 'BatchGetItem'], steps: 2 },
  ],
  ['Vital.search', () => ({ body: { where: { patient } } }), { calls: ['Query', 'BatchGetItem'], steps: 1 }],
];

test.each(table)('a warm %s makes no call to KMS and few to DynamoDB', async (operation, asked, expected) => {
  await ask(ports, provider, operation, asked());
  const made = calls.map(({ name }) => name);
  const steps = stepsOf(calls);
  console.log(`${operation}: ${made.join(', ')} in ${steps} step(s), beside session check and audit entry`);
  expect(made).toEqual(expected.calls.map((name) => `dynamodb ${name}`));
  expect(steps).toBe(expected.steps);
});

test('a first request of a tenant opens each branch key once', async () => {
  const watched = observed(cloud.clientsFor);
  const cold = cloud.newPorts(watched.clientsFor);
  await Promise.all([1, 2, 3].map(() => ask(cold, provider, 'Patient.read', { id: patient })));
  const decrypts = watched.calls.filter(({ name }) => name === 'kms Decrypt').length;
  console.log(`cold Patient.read: ${decrypts} KMS calls for the tenant's branch keys, once in five minutes`);
  expect(decrypts).toBe(cold.keyRing.compartments.length + 1);
});
