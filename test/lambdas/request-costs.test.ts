import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiAnswer } from '../../lambdas/middleware/chain.ts';
import type { TestApi, TestPerson, TestRequest } from './clinical-api.ts';
import { startClinicalApi } from './clinical-api.ts';
import type { Call } from './counted-calls.ts';
import { observed, stepsOf } from './counted-calls.ts';
import { patientBody, vitalBody } from './operations/clinic.ts';

let api: TestApi;
let calls: readonly Call[];
let provider: TestPerson;
let patient: string;
let send: (request: Omit<TestRequest, 'token'>) => Promise<ApiAnswer>;
const idOf = (answer: ApiAnswer): string => (JSON.parse(answer.body) as { readonly id: string }).id;

beforeAll(async () => {
  let noted: readonly Call[] = [];
  api = await startClinicalApi((clientsFor) => {
    const watched = observed(clientsFor);
    noted = watched.calls;
    return watched.clientsFor;
  });
  provider = await api.newPerson('provider');
  const now = new Date();
  const warm = api.newFunction({}, () => now);
  calls = noted;
  send = (request) => warm({ ...request, token: provider.token });
  patient = idOf(await send({ method: 'POST', path: '/patients', body: patientBody }));
});
afterAll(() => api?.stop());

const requests: readonly (readonly [string, () => Omit<TestRequest, 'token'>, number])[] = [
  ['read of a patient', () => ({ method: 'GET', path: `/patients/${patient}?fields=name,birthDate` }), 200],
  ['create of a vital', () => ({ method: 'POST', path: '/vitals', body: vitalBody(patient) }), 201],
  [
    'update of a patient',
    () => ({
      method: 'PUT',
      path: `/patients/${patient}`,
      headers: { 'If-Match': '"1"' },
      body: patientBody,
    }),
    200,
  ],
];

it.each(requests)(
  'a warm %s makes at most 3 calls to DynamoDB in 2 steps, and none to KMS',
  async (name, request, status) => {
    const before = calls.length;
    const answer = await send(request());
    expect(answer.statusCode).toBe(status);
    const made = calls.slice(before);
    const steps = stepsOf(made);
    const kms = made.filter((call) => call.name.startsWith('kms'));
    console.log(
      `warm ${name}: ${made.map((call) => call.name).join(', ')}; ${steps} steps, ${kms.length} KMS`,
    );
    expect(kms).toEqual([]);
    expect(made.length).toBeGreaterThan(1);
    expect(made.length).toBeLessThanOrEqual(3);
    expect(steps).toBeLessThanOrEqual(2);
  },
);
