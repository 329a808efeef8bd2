import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import { identityRuns } from '../../../lambdas/operations/identity-runs.ts';
import type { IdentityPorts } from '../../../lambdas/ports/identity-ports.ts';
import { operations } from '../../../model/derive/operations.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { observed } from '../counted-calls.ts';
import { ask, patientBody } from './clinic.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud?.stop());

const id = '00000000000000000000000000';

test.each([
  ['Patient.create', { body: patientBody }],
  ['Patient.read', { id }],
  ['Patient.update', { id, ifMatch: 1, body: patientBody }],
  ['Patient.search', { body: { where: { mrn: 'SYN-000042' } } }],
] as const)('%s does nothing for nobody, whatever the chain let through', async (operation, asked) => {
  const { clientsFor, calls } = observed(cloud.clientsFor);
  const refused = ask(cloud.newPorts(clientsFor), undefined, operation, { ...asked, purpose: 'TREAT' });
  await expect(refused).rejects.toThrow(ApiError);
  await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'not-permitted' }));
  expect(calls).toEqual([]);
});

const afterSignIn = operations.filter(
  ({ capability, scope }) => capability === 'identity' && scope !== undefined,
);
/** A directory in which nobody is; everything else would fail. */
const empty = {
  directory: { client: async () => undefined, principal: async () => undefined },
  reviews: {},
} as unknown as IdentityPorts;

test.each(afterSignIn)('$id does nothing for nobody, whatever the chain let through', async (operation) => {
  const given = { operation, now: new Date(), facts: {}, body: {}, pathParameters: {} };
  const answered = identityRuns[operation.id]?.complete(given as never, undefined, empty);
  const refusal = expect.stringMatching(/^(unauthenticated|not-found)$/);
  await expect(answered).rejects.toMatchObject({ name: 'ApiError', code: refusal });
});
