import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../../../lambdas/middleware/chain.ts';
import { operationHandler } from '../../../lambdas/operations/operation-handler.ts';
import type { Run } from '../../../lambdas/operations/run.ts';
import { chainPorts } from '../../../lambdas/ports/chain-ports.ts';
import { operations } from '../../../model/derive/operations.ts';
import type { ProblemCode } from '../../../model/problems.ts';
import { patient } from '../../../model/resources/patient.ts';
import { missingHeaders } from '../answers.ts';
import {
  eventOf,
  startClinicalApi,
  type TestApi,
  type TestPerson,
  type TestRequest,
} from '../clinical-api.ts';

let api: TestApi;
let provider: TestPerson;
let stranger: TestPerson;
let id: string;
const absent = 'A'.repeat(26);

beforeAll(async () => {
  api = await startClinicalApi();
  provider = await api.newPerson('provider');
  stranger = await api.newPerson('provider');
  const made = await api.send({
    method: 'POST',
    path: '/patients',
    token: provider.token,
    body: patient.example,
  });
  if (made.statusCode !== 201) throw new Error(JSON.stringify([made, api.lines]));
  id = JSON.parse(made.body).id;
});
afterAll(() => api.stop());

const codeOf = ({ body }: ApiAnswer): ProblemCode | undefined =>
  body === '' ? undefined : JSON.parse(body).code;

/** The one entry of an answer's request. */
const entryOf = async ({ headers }: ApiAnswer) => {
  const found = (await api.entries()).get(headers['x-request-id'] ?? '') ?? [];
  expect(found).toHaveLength(1);
  return found[0];
};

describe('every end of a request leaves exactly one entry and carries every header', () => {
  const put = (change: object, version: string): TestRequest => ({
    method: 'PUT',
    path: `/patients/${id}`,
    token: provider.token,
    headers: { 'if-match': version },
    body: { ...Object.fromEntries(Object.entries(patient.example)), ...change },
  });
  const rows: readonly [string, () => TestRequest, number, string, () => object][] = [
    [
      'created',
      () => ({
        method: 'POST',
        path: '/patients',
        token: provider.token,
        body: { ...patient.example, mrn: 'SYN-1' },
      }),
      201,
      'PHI_MODIFICATION',
      () => ({ outcome: 'success', policy: 'Patient.provider.TREAT.create', version: 1 }),
    ],
    [
      'read',
      () => ({ method: 'GET', path: `/patients/${id}?fields=mrn`, token: provider.token }),
      200,
      'PHI_ACCESS',
      () => ({
        outcome: 'success',
        disclosed: ['mrn'],
        parameters: ['fields'],
        purpose: 'TREAT',
        scopes: ['user/Patient.r'],
      }),
    ],
    [
      'found',
      () => ({
        method: 'POST',
        path: '/patients/_search',
        token: provider.token,
        body: { where: { mrn: patient.example.mrn } },
      }),
      200,
      'PHI_ACCESS',
      () => ({ outcome: 'success' }),
    ],
    [
      'malformed',
      () => ({ method: 'POST', path: '/patients', token: provider.token, body: '{' }),
      400,
      'REQUEST_REJECTED',
      () => ({ outcome: 'refused', problem: 'malformed-body' }),
    ],
    [
      'without token',
      () => ({ method: 'GET', path: `/patients/${id}` }),
      401,
      'AUTHENTICATION_FAILURE',
      () => ({ tenant: 'platform', outcome: 'refused' }),
    ],
    [
      'for another purpose than permitted',
      () => ({
        method: 'GET',
        path: `/patients/${id}`,
        token: provider.token,
        headers: { 'x-purpose-of-use': 'PATRQT' },
      }),
      403,
      'AUTHORIZATION_DENIED',
      () => ({ policy: 'Patient.provider.PATRQT.read', purpose: 'PATRQT', patient: id }),
    ],
    [
      'of no one’s record',
      () => ({ method: 'GET', path: `/patients/${absent}`, token: provider.token }),
      404,
      'UNAUTHORIZED_ACCESS_ATTEMPT',
      () => ({ patient: absent, actor: provider.subject }),
    ],
    [
      'of a record without relationship',
      () => ({ method: 'GET', path: `/patients/${id}`, token: stranger.token }),
      404,
      'UNAUTHORIZED_ACCESS_ATTEMPT',
      () => ({ patient: id, actor: stranger.subject }),
    ],
    [
      'of another version',
      () => put({}, '"9"'),
      412,
      'REQUEST_REJECTED',
      () => ({ problem: 'version-mismatch' }),
    ],
    [
      'changed',
      () => put({ gender: 'other' }, '"1"'),
      200,
      'PHI_MODIFICATION',
      () => ({ outcome: 'success', version: 2 }),
    ],
    [
      'without version',
      () => ({ ...put({}, ''), headers: {} }),
      428,
      'REQUEST_REJECTED',
      () => ({ problem: 'precondition-required' }),
    ],
    [
      'of an unknown route',
      () => ({ method: 'DELETE', path: `/patients/${id}`, token: provider.token }),
      404,
      'REQUEST_REJECTED',
      () => ({ operation: 'unknown', problem: 'unknown-route' }),
    ],
  ];
  test.each(rows)('%s', async (_name, request, status, type, more) => {
    const answer = await api.send(request());
    expect(answer.statusCode).toBe(status);
    expect(missingHeaders(answer.headers)).toEqual([]);
    expect(await entryOf(answer)).toMatchObject({ type, status, sourceAddress: '203.0.113.7', ...more() });
  });

  test('a refusal does not look like a disclosure or a change', async () => {
    const refusals = [...(await api.entries()).values()]
      .flat()
      .filter(({ outcome }) => outcome !== 'success');
    expect(refusals.length).toBeGreaterThan(5);
    for (const entry of refusals)
      for (const name of ['disclosed', 'matches', 'changes', 'alongside', 'version'])
        expect(entry).not.toHaveProperty(name);
  });

  test('a tampered record', async () => {
    const made = await api.send({
      method: 'POST',
      path: '/patients',
      token: provider.token,
      body: { ...patient.example, mrn: 'SYN-2' },
    });
    const other: string = JSON.parse(made.body).id;
    await api.cloud.edit(
      'records',
      ({ sk }) => sk?.S === `Patient#${other}`,
      (item) => ({ ...item, version: { N: '7' } }),
    );
    const answer = await api.send({ method: 'GET', path: `/patients/${other}`, token: provider.token });
    expect([answer.statusCode, codeOf(answer)]).toEqual([500, 'integrity-failure']);
    expect(await entryOf(answer)).toMatchObject({ type: 'SECURITY', patient: other, outcome: 'failure' });
  });
});

describe('whatever an operation does', () => {
  const read = operations.find(({ id: name }) => name === 'Patient.read');
  const ask = (run: Run<object, unknown>, remaining = 10_000): Promise<ApiAnswer> => {
    if (read === undefined) throw new Error('no such operation');
    const { tables, root, clientsFor } = api.cloud;
    const ports = chainPorts(
      {
        AUDIT_TABLE: tables.audit,
        SESSIONS_TABLE: tables.sessions,
        DIRECTORY_TABLE: tables.directory,
        ISSUER: api.issuer.issuer,
        CLIENT_IDS: api.client,
        AWS_ENDPOINT_URL: api.issuer.endpoint,
      },
      { clientsFor, dynamodb: root.dynamodb },
    );
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => remaining } as Context;
    const event = eventOf({ method: 'GET', path: `/patients/${id}`, token: provider.token });
    return operationHandler(read, run, { ...ports, log: { request() {}, failure() {}, warn() {} } })(
      event,
      context,
    );
  };
  const ok = { fetch: async () => 0, complete: async () => ({ status: 200 }) };
  const fail = (error: unknown) => async () => {
    throw error;
  };

  test.each([
    ['an unknown error', { ...ok, complete: fail(new TypeError('219-09-9999')) }, 500, 'internal'],
    ['an error that is none', { ...ok, complete: fail('219-09-9999') }, 500, 'internal'],
    ['a failed fetch', { ...ok, fetch: fail(new TypeError('219-09-9999')) }, 500, 'internal'],
    [
      'a failed service',
      { ...ok, fetch: fail(Object.assign(new Error('219-09-9999'), { $metadata: {} })) },
      503,
      'unavailable',
    ],
    [
      'an answer that cannot be written',
      { ...ok, complete: async () => ({ status: 200, body: 1n }) },
      500,
      'internal',
    ],
  ])('%s is answered from the catalogue, audited, and not told', async (_name, run, status, code) => {
    const answer = await ask(run);
    expect([answer.statusCode, codeOf(answer)]).toEqual([status, code]);
    expect(JSON.stringify(answer)).not.toContain('219-09-9999');
    const entry = await entryOf(answer);
    expect(entry).toMatchObject({ type: 'SERVICE_FAILURE', outcome: 'failure', problem: code });
    expect(JSON.stringify(entry)).not.toContain('219-09-9999');
  });

  test('one that never ends is given up in time for its entry', async () => {
    const answer = await ask({ ...ok, complete: () => new Promise(() => {}) }, 2050);
    expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'unavailable']);
    expect(await entryOf(answer)).toMatchObject({ type: 'SERVICE_FAILURE', actor: provider.subject });
  });

  test('it does not complete on a session that is over', async () => {
    let completed = false;
    const iat = Math.floor(Date.now() / 1000);
    const dead = await api.issuer.sign({
      ...api.claims(provider),
      origin_jti: randomUUID(),
      auth_time: iat - 120,
    });
    const before = provider;
    provider = { ...provider, token: dead };
    const answer = await ask({
      ...ok,
      complete: async () => {
        completed = true;
        return { status: 200 };
      },
    });
    provider = before;
    expect(answer.statusCode).toBe(401);
    expect(completed).toBe(false);
  });

  test('a fact that is no name or id withholds the answer', async () => {
    const answer = await ask({
      ...ok,
      complete: async ({ facts }) => {
        facts.disclosed = ['219-09-9999'];
        return { status: 200, body: { ssn: '219-09-9999' } };
      },
    });
    expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'unavailable']);
    const entry = await entryOf(answer);
    expect(entry).toMatchObject({ type: 'SERVICE_FAILURE', problem: 'unavailable' });
    expect(JSON.stringify([answer, entry])).not.toContain('219-09-9999');
  });
});

describe('without the audit table', () => {
  test.each([
    ['a read', () => ({ method: 'GET', path: `/patients/${id}?fields=ssn` }) as const],
    [
      'a search',
      () =>
        ({
          method: 'POST',
          path: '/patients/_search',
          body: { where: { mrn: patient.example.mrn } },
        }) as const,
    ],
    [
      'a creation',
      () => ({ method: 'POST', path: '/patients', body: { ...patient.example, mrn: 'SYN-3' } }) as const,
    ],
    [
      'an update',
      () =>
        ({
          method: 'PUT',
          path: `/patients/${id}`,
          headers: { 'if-match': '"2"' },
          body: patient.example,
        }) as const,
    ],
    ['a bad request', () => ({ method: 'POST', path: '/patients', body: '{' }) as const],
    ['an unknown route', () => ({ method: 'DELETE', path: '/patients/x' }) as const],
  ])('%s is answered 503, tells nothing and changes nothing', async (_name, request) => {
    const send = api.newFunction({ AUDIT_TABLE: 'missing' });
    const before = await api.cloud.items('records');
    const answer = await send({ ...request(), token: provider.token });
    expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'unavailable']);
    expect(missingHeaders(answer.headers)).toEqual([]);
    expect(answer.body).not.toContain('219-09');
    expect(await api.cloud.items('records')).toEqual(before);
  });
});
