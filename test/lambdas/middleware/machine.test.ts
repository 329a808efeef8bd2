import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DirectoryClient } from '../../../lambdas/domain/directory-entry.ts';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';
import type { ApiAnswer } from '../../../lambdas/middleware/chain.ts';
import type { ApiHandler } from '../../../lambdas/operations/operation-handler.ts';
import { clientDirectory } from '../../../lambdas/ports/client-directory.ts';
import { directory } from '../../../lambdas/ports/directory.ts';
import { sessionStore } from '../../../lambdas/ports/session-store.ts';
import { vital } from '../../../model/resources/vital.ts';
import { newCertificate, type TestCertificate } from '../certificates.ts';
import { eventOf, startClinicalApi, type TestApi, type TestRequest } from '../clinical-api.ts';

let api: TestApi;
let tenant: string;
let own: TestCertificate;
let another: TestCertificate;
let expired: TestCertificate;
beforeAll(async () => {
  api = await startClinicalApi();
  tenant = (await api.newPerson('admin')).tenant;
  const past = new Date(Date.now() - 2 * 86_400_000);
  [own, another, expired] = await Promise.all([newCertificate(), newCertificate(), newCertificate(past)]);
});
afterAll(() => api?.stop());

let handler: ApiHandler;
beforeEach(() => {
  handler = api.rawFunction();
});

const ports = () => {
  const options = { table: api.cloud.tables.directory, dynamodb: api.cloud.root.dynamodb };
  return { people: directory(options), clients: clientDirectory(options) };
};
let made = 0;
const newMachine = async (change: Partial<DirectoryClient> = {}): Promise<DirectoryClient> => {
  made += 1;
  const client: DirectoryClient = {
    client: `machine${String(made).padStart(19, '0')}`,
    tenant,
    name: 'Laboratory',
    kind: 'machine',
    status: 'active',
    scopes: ['system/Patient.r', 'system/Vital.c'],
    ...change,
  };
  const { people, clients } = ports();
  const created = { at: new Date(), by: randomUUID() };
  await people.commit([
    ...clients.clientPuts(client, created),
    ...people.principalPuts(
      { subject: client.client, tenant: client.tenant, role: 'system', roleVersion: 1, status: 'active' },
      created,
    ),
  ]);
  return client;
};
const tokenOf = ({ client, tenant: of, scopes }: DirectoryClient, change: object = {}): Promise<string> => {
  const { origin_jti: _none, ...claims } = api.claims({
    subject: client,
    tenant: of,
    role: 'system',
    session: randomUUID(),
  });
  return api.issuer.sign({
    ...claims,
    client_id: client,
    jti: randomUUID(),
    scope: scopes.join(' '),
    ...change,
  });
};

interface Sent extends Partial<TestRequest> {
  readonly certificate?: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
}
const nobody = `/patients/${'0'.repeat(26)}`;
const send = (
  token: string,
  { certificate, sourceIp = '203.0.113.7', userAgent = 'laboratory/1.0', ...request }: Sent = {},
): Promise<ApiAnswer> => {
  const event = eventOf({ method: 'GET', path: nobody, token, ...request });
  const identity = {
    sourceIp,
    userAgent,
    ...(certificate !== undefined && { clientCert: { clientCertPem: certificate } }),
  };
  const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 10_000 } as Context;
  return handler({ ...event, requestContext: { identity } }, context);
};
const expectAudited = async (answer: ApiAnswer, status: number, entry: object): Promise<void> => {
  expect([answer.statusCode, answer.body]).toEqual([status, expect.any(String)]);
  const entries = (await api.entries()).get(answer.headers['x-request-id'] ?? '');
  expect(entries).toMatchObject([entry]);
};

test('a machine is known by its client, and audited as itself', async () => {
  const machine = await newMachine();
  // There is no such patient: the request has come through every check before that.
  await expectAudited(await send(await tokenOf(machine)), 404, {
    actor: machine.client,
    role: 'system',
    client: machine.client,
    purpose: 'HOPERAT',
    scopes: ['system/Patient.r'],
    policy: 'Patient.system.HOPERAT.read',
  });
});

describe('a machine with a registered certificate', () => {
  test('passes with it', async () => {
    const machine = await newMachine({ certificate: own.thumbprint });
    const answer = await send(await tokenOf(machine), { certificate: own.pem });
    await expectAudited(answer, 404, { actor: machine.client });
  });

  test.each<[string, () => { registered?: string; shown?: string }]>([
    ['without it, as on the ordinary domain', () => ({ registered: own.thumbprint })],
    ['with another one', () => ({ registered: own.thumbprint, shown: another.pem })],
    ['with it after it has expired', () => ({ registered: expired.thumbprint, shown: expired.pem })],
    ['with what is none', () => ({ registered: own.thumbprint, shown: 'x' })],
    ['that it has not registered', () => ({ shown: own.pem })],
  ])('is refused %s, which leaves one entry and no session', async (_how, given) => {
    const { registered, shown } = given();
    const machine = await newMachine(registered === undefined ? {} : { certificate: registered });
    const answer = await send(await tokenOf(machine), shown === undefined ? {} : { certificate: shown });
    await expectAudited(answer, 401, {
      type: 'AUTHENTICATION_FAILURE',
      policy: 'client.certificate',
      actor: machine.client,
      tenant,
    });
    const sessions = await api.cloud.items('sessions');
    expect(sessions.filter(({ pk }) => pk?.S?.endsWith(`#${machine.client}`))).toEqual([]);
  });
});

test('a person who comes with a certificate is refused', async () => {
  const person = await api.newPerson('provider');
  const answer = await send(person.token, { certificate: own.pem });
  await expectAudited(answer, 401, { policy: 'client.certificate', actor: person.subject });
});

describe('a machine’s token opens nothing', () => {
  test.each<[string, TestRequest['method'], string, unknown]>([
    ['that its scopes do not name', 'POST', '/vitals/_search', { where: { patient: '0'.repeat(26) } }],
    [
      'that no machine is permitted',
      'GET',
      `/care-team-assignments/${'0'.repeat(26)}.${'0'.repeat(26)}`,
      undefined,
    ],
  ])('%s', async (_what, method, path, body) => {
    const machine = await newMachine();
    const answer = await send(await tokenOf(machine), { method, path, ...(body !== undefined && { body }) });
    await expectAudited(answer, 403, { type: 'AUTHORIZATION_DENIED', actor: machine.client });
  });

  test.each(['user/Patient.r', 'identity/session'])('by %s, a scope of people', async (scope) => {
    const answer = await send(await tokenOf(await newMachine(), { scope }));
    await expectAudited(answer, 403, { type: 'AUTHORIZATION_DENIED', scopes: [] });
  });

  test('of another tenant', async () => {
    const theirs = await api.cloud.newTenant();
    const machine = await newMachine();
    const claimed = await send(await tokenOf({ ...machine, tenant: theirs }));
    await expectAudited(claimed, 401, { policy: 'token.client', tenant: 'platform' });
  });

  test('for a purpose that machines have not', async () => {
    const answer = await send(await tokenOf(await newMachine()), {
      headers: { 'X-Purpose-Of-Use': 'HPAYMT' },
    });
    await expectAudited(answer, 403, { type: 'AUTHORIZATION_DENIED' });
  });

  test.each([
    ['of an older role version', { role_version: '2' }],
    ['of another role', { role: 'admin' }],
    ['of a sign-in that is a minute old, when its session is not known', { auth_time: 1 }],
  ])('%s', async (_what, change) => {
    const answer = await send(await tokenOf(await newMachine(), change));
    expect(answer.statusCode).toBe(401);
  });
});

test('a machine that is removed is refused at its next request', async () => {
  const machine = await newMachine();
  const token = await tokenOf(machine);
  expect((await send(token)).statusCode).toBe(404);
  const { people, clients } = ports();
  const principal = await people.principal(machine.client);
  const now = new Date();
  if (principal === undefined) throw new Error('no principal');
  const sessions = sessionStore({
    table: api.cloud.tables.sessions,
    clientFor: () => api.cloud.root.dynamodb,
    limitsOf: sessionLimits(),
    directory: people,
  });
  await people.commit([
    ...clients.clientRemovals(machine, { at: now, by: randomUUID() }),
    ...people.principalUpdates(principal, { status: 'removed' }),
    sessions.endAllUpdate(tenant, machine.client, now),
  ]);
  await expectAudited(await send(token), 401, { policy: 'session.over', actor: machine.client });
  expect((await send(await tokenOf(machine))).statusCode).toBe(401);
});

test('an application that is removed is refused thirty seconds later at most', async () => {
  const person = await api.newPerson('provider');
  const app = await newMachine({ kind: 'public', scopes: ['user/Patient.r'] });
  const start = Date.now();
  let time = start;
  const clocked = api.newFunction({}, () => new Date(time));
  const token = await api.issuer.sign({ ...api.claims(person), client_id: app.client });
  const ask = () => clocked({ method: 'GET', path: nobody, token });
  expect((await ask()).statusCode).toBe(404);
  const { people, clients } = ports();
  await people.commit(clients.clientRemovals(app, { at: new Date(), by: person.subject }));
  time = start + 29_000;
  expect((await ask()).statusCode).toBe(404);
  time = start + 30_000;
  await expectAudited(await ask(), 401, { policy: 'token.client' });
});

test('a machine’s token in other hands is an anomaly', async () => {
  const token = await tokenOf(await newMachine());
  expect((await send(token)).statusCode).toBe(404);
  const stolen = await send(token, { sourceIp: '198.51.100.1', userAgent: 'curl/8.0' });
  await expectAudited(stolen, 401, { type: 'SECURITY', policy: 'session.anomaly' });
  expect((await send(token)).statusCode).toBe(401);
});

test('a machine writes by its own scope', async () => {
  const machine = await newMachine();
  const answer = await send(await tokenOf(machine), {
    method: 'POST',
    path: '/vitals',
    body: { ...vital.example, patient: '0'.repeat(26) },
  });
  await expectAudited(answer, 404, { scopes: ['system/Vital.c'], policy: 'Vital.system.HOPERAT.create' });
});
