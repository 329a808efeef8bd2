import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { audit, refusalEntry, successEntry } from '../../../lambdas/middleware/audit.ts';
import { type PassingRequest, passing, principalWith, runHook } from './request.ts';

const patient = 'A'.repeat(26);
const facts = {
  patient,
  resource: 'Patient',
  resourceId: patient,
  version: 1,
  disclosed: ['mrn'],
  matches: [{ patient, id: patient, version: 1 }],
  changes: [{ field: 'mrn', after: 'digest' }],
  alongside: [{ resource: 'Vital', id: patient, version: 1 }],
};
const principal = principalWith('provider', 'user/Patient.r', 'user/Vital.r');
const read = (change: object = {}): PassingRequest =>
  passing('Patient.read', {}, { principal, facts: { ...facts }, ...change });

test('a success says who did what with what, and which scope it took', () => {
  const { chain } = read().context;
  expect(successEntry(chain, 200)).toMatchObject({
    ...facts,
    id: expect.stringMatching(/^[0-9A-Z]{26}$/),
    type: 'PHI_ACCESS',
    outcome: 'success',
    status: 200,
    tenant: principal.tenant,
    actor: principal.subject,
    role: 'provider',
    session: principal.session,
    client: principal.client,
    scopes: ['user/Patient.r'],
  });
});

test('a refusal says nothing of what would have been disclosed or changed', () => {
  const entry = refusalEntry(read().context.chain, new ApiError('not-found'));
  expect(entry).toMatchObject({ outcome: 'refused', status: 404, problem: 'not-found', patient });
  for (const name of ['version', 'disclosed', 'matches', 'changes', 'alongside'])
    expect(entry).not.toHaveProperty(name);
  expect(refusalEntry(read().context.chain, new ApiError('unavailable')).outcome).toBe('failure');
});

test('the error’s own type and policy go before the others', () => {
  const error = new ApiError('unauthenticated', { event: 'TOKEN_REVOKED', policy: 'refresh.reuse' });
  const { chain } = read().context;
  chain.facts.policy = 'Patient.read';
  expect(refusalEntry(chain, error)).toMatchObject({ type: 'TOKEN_REVOKED', policy: 'refresh.reuse' });
  expect(refusalEntry(chain, new ApiError('not-found'))).toMatchObject({ policy: 'Patient.read' });
});

test('an unused scope is not named, and nobody’s are none', () => {
  const other = { ...principal, scopes: new Set(['user/Vital.r']) };
  expect(successEntry(read({ principal: other }).context.chain, 200).scopes).toEqual([]);
  const login = passing('auth.login', {}, { principal });
  expect(successEntry(login.context.chain, 200).scopes).toEqual([]);
  expect(successEntry(passing('auth.login').context.chain, 200)).not.toHaveProperty('scopes');
});

test('query parameters are named, if there are any', () => {
  expect(successEntry(read().context.chain, 200)).not.toHaveProperty('parameters');
  expect(successEntry(read({ parameters: ['fields'] }).context.chain, 200).parameters).toEqual(['fields']);
});

test('a request without an operation cannot succeed', () => {
  expect(() => successEntry(passing(undefined).context.chain, 200)).toThrow(TypeError);
});

const written = (write?: () => Promise<void>) => {
  const entries: AuditEntry[] = [];
  const middleware = audit({
    mark: () => ({ writer: 'A'.repeat(26), writerCounter: 1 }),
    write: async (entry) => {
      await write?.();
      entries.push(entry);
    },
  });
  return { entries, middleware };
};
const down = async (): Promise<void> => {
  throw new Error('down');
};
const unavailable = expect.objectContaining({ code: 'unavailable' });
const answered = { statusCode: 200, headers: {}, body: '' };

test('one entry is written before the answer, and none when the operation wrote it', async () => {
  const { entries, middleware } = written();
  const request = Object.assign(read(), { response: answered });
  await runHook(middleware, 'after', request);
  expect(entries).toMatchObject([{ outcome: 'success', status: 200 }]);
  expect(request.context.chain.audited).toBe(true);
  await runHook(middleware, 'after', request);
  await runHook(middleware, 'onError', Object.assign(request, { error: new ApiError('internal') }));
  expect(entries).toHaveLength(1);
});

test('an answer whose entry cannot be written is withheld', async () => {
  const { middleware } = written(down);
  const request = Object.assign(read(), { response: answered });
  await expect(runHook(middleware, 'after', request)).rejects.toThrow(unavailable);
  expect(request.context.chain.audited).toBe(false);
});

test('an error of no catalogue is a failure of ours', async () => {
  const { entries, middleware } = written();
  await runHook(middleware, 'onError', Object.assign(read(), { error: new TypeError('219-09-9999') }));
  expect(entries).toMatchObject([{ outcome: 'failure', problem: 'internal', type: 'SERVICE_FAILURE' }]);
});

test('a refusal leaves one entry, and is none when that cannot be written', async () => {
  const { entries, middleware } = written();
  const request = Object.assign(read(), { error: new ApiError('not-found') });
  await runHook(middleware, 'onError', request);
  expect(entries).toMatchObject([{ outcome: 'refused', problem: 'not-found' }]);
  expect(request.error).toMatchObject({ code: 'not-found' });
  await runHook(
    written(down).middleware,
    'onError',
    Object.assign(request, { error: new ApiError('not-found') }),
  );
  expect(request.error).toEqual(unavailable);
});
