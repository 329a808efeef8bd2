import { beforeAll, expect, inject, test } from 'vitest';
import { patient as patientResource } from '../../model/resources/patient.ts';
import { callsDuring } from './aws-calls.ts';
import { expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { renewFunction } from './cloud.ts';
import { markedRecord } from './marked-record.ts';

/** LookupEvents gives 50 events of one name at most, so no name may occur more often. */
const reads = 20;
const names = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GetItem',
  'BatchGetItem',
  'Query',
  'PutItem',
  'UpdateItem',
  'TransactWriteItems',
] as const;

let clinic: Clinic;
let provider: Person;
let path: string;

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  provider = await clinic.join('provider');
  const { record } = markedRecord(patientResource);
  const created = await provider.send({ method: 'POST', path: '/clinical/v1/patients', body: record });
  path = `/clinical/v1/patients/${String(expectStatus(created, 201).body.id)}?fields=name,ssn,phone`;
});

test('CloudTrail shows that a new function process opens its keys by KMS once, and warm reads call it never', async () => {
  await renewFunction(clinic.cloud, output(clinic.runtime, 'clinical-api', 'FunctionName'));
  const cold = await callsDuring(clinic.cloud, names, async () => {
    expectStatus(await provider.send({ path }), 200);
  });
  expect(cold.Decrypt).toBeGreaterThan(0);
  expect(cold.AssumeRole).toBe(1);

  const warm = await callsDuring(clinic.cloud, names, async () => {
    for (let count = 0; count < reads; count += 1) expectStatus(await provider.send({ path }), 200);
  });
  console.log(
    `AWS calls of the first read: ${JSON.stringify(cold)}; of ${reads} more: ${JSON.stringify(warm)}`,
  );
  // A minute that ends meanwhile costs one more update of the session.
  const { UpdateItem = 0, ...rest } = warm;
  expect(rest).toEqual({ BatchGetItem: reads, PutItem: reads });
  expect([reads, reads + 1]).toContain(UpdateItem);
});
