import { expect, test } from 'vitest';
import { clinicalValidators } from '../../../lambdas/generated/validators.js';
import { validate } from '../../../lambdas/middleware/validate.ts';
import { patient } from '../../../model/resources/patient.ts';
import { passing, runHook } from './request.ts';

const ask = (body: unknown) =>
  runHook(validate(clinicalValidators['Patient.create']), 'before', passing('Patient.create', { body }));

test('a body of its schema passes', async () => {
  await expect(ask(patient.example)).resolves.toBeDefined();
});

test.each([
  ['an unknown member', { ...patient.example, unknown: 1 }],
  ['a member too few', { ...patient.example, name: undefined }],
  ['no body', undefined],
])('%s is an invalid body, of which nothing is told', async (_name, body) => {
  await expect(ask(body)).rejects.toThrow(expect.objectContaining({ code: 'invalid-body' }));
});
