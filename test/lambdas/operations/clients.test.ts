import {
  CognitoIdentityProviderClient,
  ListUserPoolClientsCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { mostClients } from '../../../lambdas/operations/add-client.ts';
import type { AuditEventType } from '../../../model/audit-event-types.ts';
import type { ProblemCode } from '../../../model/problems.ts';
import {
  type ChangeablePorts,
  type IdentityAnswer,
  type IdentityApi,
  type IdentityPerson,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';

let api: IdentityApi;
/** Another administrator, with a minute's requests of their own. */
let deputy: IdentityPerson;
let elsewhere: { readonly tenant: string; readonly admin: IdentityPerson };
beforeAll(async () => {
  api = await startIdentityApi();
  const adminEmail = newEmail();
  const { tenant, admin } = await api.newTenant({
    command: 'create-tenant',
    name: 'Another clinic',
    adminEmail,
    adminTrainedOn: new Date().toISOString().slice(0, 10),
  });
  elsewhere = { tenant, admin: await api.enrol(adminEmail, admin.temporaryPassword) };
  deputy = await api.join('admin');
}, 60_000);
afterAll(() => api?.stop());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
const ask = (method: Method, path: string, body?: object, by = api.admin): Promise<IdentityAnswer> =>
  api.post(path, body, { method, token: by.accessToken });
/** The same by the admin, through a function of which some port is changed. */
const askWith =
  (change: (ports: ChangeablePorts) => Partial<ChangeablePorts>) =>
  (method: Method, path: string, body?: object): Promise<IdentityAnswer> =>
    api.postWith(change)(path, body, { method, token: api.admin.accessToken });
const expectDone = async (
  answer: IdentityAnswer,
  status: number,
  type: AuditEventType,
  more: object = {},
): Promise<IdentityAnswer> => {
  expect([answer.status, answer.body.code]).toEqual([status, undefined]);
  expect(await api.entries(answer.headers['x-request-id'])).toMatchObject([{ type, status, ...more }]);
  return answer;
};
const expectRefused = async (answer: IdentityAnswer, code: ProblemCode, policy?: string): Promise<void> => {
  expect(answer.body.code).toBe(code);
  const entries = await api.entries(answer.headers['x-request-id']);
  expect(entries).toMatchObject([{ problem: code, ...(policy !== undefined && { policy }) }]);
};
const rows = async (prefix: string) =>
  (await api.cloud.items('directory')).filter(({ pk }) => pk?.S?.startsWith(prefix));
const poolClients = async (): Promise<readonly string[]> => {
  const UserPoolId = decodeJwt(api.admin.accessToken).iss?.split('/').at(-1);
  const { UserPoolClients = [] } = await new CognitoIdentityProviderClient().send(
    new ListUserPoolClientsCommand({ UserPoolId, MaxResults: 60 }),
  );
  return UserPoolClients.map(({ ClientId = '' }) => ClientId);
};

const app = {
  name: 'Patient portal',
  kind: 'public',
  redirectUris: ['https://portal.example/callback'],
  scopes: ['user/Patient.r', 'user/Vital.r'],
};
const machine = { name: 'Laboratory', scopes: ['system/Vital.c'] };
const newApp = async (change: object = {}): Promise<string> =>
  String((await ask('POST', '/apps', { ...app, ...change }, deputy)).body.id);
const newMachine = async (change: object = {}): Promise<{ id: string; secret: string }> =>
  (await ask('POST', '/machines', { ...machine, ...change }, deputy)).body as { id: string; secret: string };

describe('registering an application', () => {
  test('gives its id, and to a confidential one a secret that is stored nowhere', async () => {
    const { body, headers } = await expectDone(await ask('POST', '/apps', app), 201, 'CONFIGURATION_CHANGE', {
      resource: 'Client',
      tenant: api.tenant,
      actor: api.admin.subject,
    });
    expect(Object.keys(body)).toEqual(['id']);
    expect(await api.entries(headers['x-request-id'])).toMatchObject([{ resourceId: body.id }]);
    expect(await api.ports.directory.principal(String(body.id))).toBeUndefined();
    const confidential = await ask('POST', '/apps', { ...app, kind: 'confidential' });
    expect(confidential.body).toEqual({ id: expect.any(String), secret: expect.any(String) });
    const stored = JSON.stringify([await api.cloud.items('directory'), await api.cloud.items('audit')]);
    expect(stored).not.toContain(confidential.body.secret);
    expect(await api.ports.directory.client(String(body.id))).toMatchObject({
      tenant: api.tenant,
      status: 'active',
      ...app,
    });
  });

  test.each([
    ['http', 'http://portal.example/callback'],
    ['a wildcard', 'https://*.example/callback'],
    ['a fragment', 'https://portal.example/callback#x'],
    ['a query', 'https://portal.example/callback?next=1'],
    ['a user', 'https://user@portal.example/callback'],
    ['a scheme of its own', 'portal://callback'],
    ['a script', 'javascript:alert(1)'],
    ['localhost by name', 'http://localhost:8080/callback'],
    ['a backslash', 'https://portal.example\\@attacker.example/'],
    ['a host without a domain', 'https://portal/callback'],
  ])('is refused with %s in a redirect address', async (_what, uri) => {
    await expectRefused(await ask('POST', '/apps', { ...app, redirectUris: [uri] }), 'invalid-body');
  });

  test.each(['http://127.0.0.1:8080/callback', 'http://[::1]:8080/callback'])(
    'accepts %s of a public one only',
    async (uri) => {
      const redirectUris = [uri];
      expect((await ask('POST', '/apps', { ...app, redirectUris })).status).toBe(201);
      const confidential = { ...app, kind: 'confidential', redirectUris };
      await expectRefused(await ask('POST', '/apps', confidential), 'invalid-body');
    },
  );

  test.each([
    'system/Patient.r',
    'identity/session',
    'identity/users.create',
    'openid',
    'aws.cognito.signin.user.admin',
    'user/*.r',
  ])('is refused with the scope %s', async (scope) => {
    await expectRefused(await ask('POST', '/apps', { ...app, scopes: [scope] }), 'invalid-body');
  });

  test('is for administrators', async () => {
    const provider = await api.join('provider');
    await expectRefused(await ask('POST', '/apps', app, provider), 'not-permitted');
    await expectRefused(await ask('POST', '/machines', machine, provider), 'not-permitted');
  });

  test('needs a recent sign-in', async () => {
    const at = new Date(Date.now() + 301_000);
    for (const [path, body] of [
      ['/apps', app],
      ['/machines', machine],
    ] as const)
      await expectRefused(
        await api.post(path, body, { token: api.admin.accessToken, at }),
        'step-up-required',
      );
  });
});

describe('between Cognito and the directory', () => {
  test('a failure leaves nothing in either', async () => {
    const before = [await poolClients(), await rows('O#')];
    const failing = askWith((ports) => ({
      directory: { ...ports.directory, commit: () => Promise.reject(new Error('down')) },
    }));
    expect((await failing('POST', '/machines', machine)).status).toBe(500);
    expect([await poolClients(), await rows('O#')]).toEqual(before);
  });

  test('an administrator who was removed meanwhile registers nothing', async () => {
    const before = [await poolClients(), await rows('O#')];
    const changed = askWith((ports) => ({
      directory: { ...ports.directory, commit: async () => false },
    }));
    await expectRefused(await changed('POST', '/apps', app), 'conflict', 'client.changed');
    expect([await poolClients(), await rows('O#')]).toEqual(before);
  });

  test('an answer that was lost after the commit does not undo it', async () => {
    const lost = askWith((ports) => ({
      directory: {
        ...ports.directory,
        commit: async (items) => {
          await ports.directory.commit(items);
          throw new Error('no answer');
        },
      },
    }));
    const before = await poolClients();
    expect((await lost('POST', '/machines', machine)).status).toBe(500);
    expect((await poolClients()).length).toBe(before.length + 1);
  });

  test('a client that Cognito cannot remove is without power, and removed by the next try', async () => {
    const id = await newApp();
    const failing = askWith((ports) => ({
      appClients: { ...ports.appClients, remove: () => Promise.reject(new Error('down')) },
    }));
    expect((await failing('DELETE', `/apps/${id}`)).status).toBe(204);
    expect(await poolClients()).toContain(id);
    expect((await api.ports.directory.client(id))?.status).toBe('removed');
    expect((await ask('DELETE', `/apps/${id}`)).status).toBe(204);
    expect(await poolClients()).not.toContain(id);
  });
});

describe('the lists', () => {
  test('hold the clients of the tenant, page by page, and no removed one', async () => {
    const first = await newApp({ name: 'First' });
    const removed = await newApp({ name: 'Second' });
    await ask('DELETE', `/apps/${removed}`);
    const { id } = await newMachine();
    const theirs = await ask('POST', '/apps', app, elsewhere.admin);
    const all: { id: string; name: string }[] = [];
    let cursor: string | undefined;
    do {
      const answer = await ask('POST', '/apps/_search', { limit: 2, ...(cursor && { cursor }) });
      const body = answer.body as unknown as { items: typeof all; cursor?: string };
      expect(body.items.length).toBeLessThanOrEqual(2);
      all.push(...body.items);
      cursor = body.cursor;
    } while (cursor !== undefined);
    const ids = all.map((item) => item.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain(first);
    for (const other of [removed, id, theirs.body.id]) expect(ids).not.toContain(other);
    expect(all.find((item) => item.id === first)).toEqual({
      ...app,
      id: first,
      name: 'First',
      createdAt: expect.stringMatching(/^\d{4}-/),
    });
    const machines = await expectDone(
      await ask('POST', '/machines/_search', { limit: 100 }),
      200,
      'DIRECTORY_ACCESS',
    );
    expect(machines.body).not.toHaveProperty('cursor');
    const items = machines.body.items as unknown as object[];
    expect(items).toContainEqual({ ...machine, id, createdAt: expect.any(String) });
  });

  test('are also for compliance, who change nothing', async () => {
    const officer = await api.join('compliance');
    expect((await ask('POST', '/machines/_search', {}, officer)).status).toBe(200);
    await expectRefused(await ask('POST', '/machines', machine, officer), 'not-permitted');
  });
});

describe('a machine', () => {
  test('is a principal of role system, registered, audited and listed in one transaction', async () => {
    const answer = await ask('POST', '/machines', { ...machine, certificate: 'A'.repeat(43) });
    await expectDone(answer, 201, 'PRIVILEGE_CHANGE', { grant: { after: 'system.active' } });
    const id = String(answer.body.id);
    expect(await api.ports.directory.principal(id)).toMatchObject({
      subject: id,
      tenant: api.tenant,
      role: 'system',
      roleVersion: 1,
      status: 'active',
    });
    expect(await api.ports.directory.client(id)).toMatchObject({
      kind: 'machine',
      certificate: 'A'.repeat(43),
    });
    const stored = JSON.stringify([await api.cloud.items('directory'), await api.cloud.items('audit')]);
    expect(stored).not.toContain(answer.body.secret);
  });

  test.each([
    ['a person’s scope', { scopes: ['user/Patient.r'] }],
    ['a scope of a session', { scopes: ['identity/session'] }],
    ['no scope', { scopes: [] }],
    ['a certificate that is none', { certificate: 'A'.repeat(42) }],
    ['addresses', { redirectUris: app.redirectUris }],
  ])('is refused with %s', async (_what, change) => {
    await expectRefused(await ask('POST', '/machines', { ...machine, ...change }), 'invalid-body');
  });

  test('rotates its secret by having two for a time', async () => {
    const { id, secret } = await newMachine();
    const added = await expectDone(
      await ask('POST', `/machines/${id}/secrets`),
      201,
      'CONFIGURATION_CHANGE',
      {
        resourceId: id,
      },
    );
    expect(added.body.secret).not.toBe(secret);
    await expectRefused(await ask('POST', `/machines/${id}/secrets`), 'conflict', 'secret.limit');
    const { body } = await expectDone(await ask('GET', `/machines/${id}`), 200, 'DIRECTORY_ACCESS');
    const { secrets, ...rest } = body as unknown as { secrets: { id: string }[] };
    expect(rest).toEqual({ ...machine, id, status: 'active', createdAt: expect.any(String) });
    expect(secrets.map((item) => item.id)).toContain(added.body.id);
    expect(JSON.stringify(body)).not.toContain(secret);
    const [old] = secrets.filter((item) => item.id !== added.body.id);
    const retired = await ask('DELETE', `/machines/${id}/secrets/${old?.id}`);
    await expectDone(retired, 204, 'CONFIGURATION_CHANGE', { resourceId: id });
    const unknown = await ask('DELETE', `/machines/${id}/secrets/${id}--1`);
    await expectRefused(unknown, 'not-found', 'secret.unknown');
    const last = await ask('DELETE', `/machines/${id}/secrets/${added.body.id}`);
    await expectRefused(last, 'conflict', 'secret.last');
  });

  const secretIds = async (id: string): Promise<readonly string[]> =>
    (await api.ports.appClients.secrets(id)).map((secret) => secret.id);
  const twoSecrets = async (): Promise<{ id: string; first: string; second: string }> => {
    const { id } = await newMachine();
    await ask('POST', `/machines/${id}/secrets`);
    const [first = '', second = ''] = await secretIds(id);
    return { id, first, second };
  };
  const endedAt = async (id: string): Promise<number> => {
    const items = await api.cloud.items('sessions');
    return Number(items.find(({ pk }) => pk?.S === `T#${api.tenant}#U#${id}`)?.endedAllAt?.N);
  };

  test('whose secret is retired has no token of before that any more', async () => {
    const { id, first } = await twoSecrets();
    let removedAt = Number.POSITIVE_INFINITY;
    const watched = askWith((ports) => ({
      appClients: {
        ...ports.appClients,
        removeSecret: async (...secret) => {
          await ports.appClients.removeSecret(...secret);
          removedAt = Date.now() / 1000;
        },
      },
    }));
    expect((await watched('DELETE', `/machines/${id}/secrets/${first}`)).status).toBe(204);
    expect(await endedAt(id)).toBeGreaterThanOrEqual(removedAt);
  });

  test('keeps one secret when two administrators retire both at once', async () => {
    const { id, first, second } = await twoSecrets();
    let arrived = 0;
    let open = (): void => {};
    const bothRead = new Promise<void>((resolve) => {
      open = resolve;
    });
    const together = askWith((ports) => ({
      appClients: {
        ...ports.appClients,
        secrets: async (client) => {
          const known = await ports.appClients.secrets(client);
          arrived += 1;
          if (arrived === 2) open();
          await bothRead;
          return known;
        },
      },
    }));
    const answers = await Promise.all(
      [first, second].map((secret) => together('DELETE', `/machines/${id}/secrets/${secret}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    for (const answer of answers.filter(({ status }) => status === 409))
      await expectRefused(answer, 'conflict', 'client.changed');
    expect(await secretIds(id)).toHaveLength(1);
  });

  test('keeps its other secret while Cognito has not followed, and repeating the request makes it', async () => {
    const { id, first, second } = await twoSecrets();
    const failing = askWith((ports) => ({
      appClients: { ...ports.appClients, removeSecret: () => Promise.reject(new Error('down')) },
    }));
    expect((await failing('DELETE', `/machines/${id}/secrets/${first}`)).status).toBe(500);
    const other = await ask('DELETE', `/machines/${id}/secrets/${second}`);
    await expectRefused(other, 'conflict', 'secret.last');
    expect(await secretIds(id)).toEqual([first, second]);
    expect(await endedAt(id)).toBeNaN();
    const repeated = await ask('DELETE', `/machines/${id}/secrets/${first}`);
    await expectDone(repeated, 204, 'CONFIGURATION_CHANGE', { resourceId: id });
    expect(await secretIds(id)).toEqual([second]);
    expect(await endedAt(id)).toBeGreaterThan(0);
    expect((await ask('POST', `/machines/${id}/secrets`)).status).toBe(201);
    expect((await ask('DELETE', `/machines/${id}/secrets/${second}`)).status).toBe(204);
  });

  test.each([
    ['gets no secret', 'POST', ''],
    ['loses none', 'DELETE', 'first'],
  ] as const)('%s by an administrator who was suspended meanwhile', async (_what, method, which) => {
    const made = which === 'first' ? await twoSecrets() : { ...(await newMachine()), first: '' };
    const before = await secretIds(made.id);
    const suspended = askWith((ports) => ({
      directory: {
        ...ports.directory,
        principalCheck: (person, now) => ports.directory.principalCheck({ ...person, roleVersion: 99 }, now),
      },
    }));
    const path = `/machines/${made.id}/secrets${made.first && `/${made.first}`}`;
    await expectRefused(await suspended(method, path), 'conflict', 'client.changed');
    expect(await secretIds(made.id)).toEqual(before);
  });

  test('that is removed meanwhile gets no secret and loses none', async () => {
    const { id, first } = await twoSecrets();
    await ask('DELETE', `/machines/${id}/secrets/${first}`);
    await ask('POST', `/machines/${id}/secrets`);
    const client = await api.ports.directory.client(id);
    const [one, ...others] = await secretIds(id);
    const unfollowed = askWith((ports) => ({
      appClients: { ...ports.appClients, remove: () => Promise.reject(new Error('down')) },
    }));
    expect((await unfollowed('DELETE', `/machines/${id}`)).status).toBe(204);
    const stale = askWith((ports) => ({ directory: { ...ports.directory, client: async () => client } }));
    const retired = await stale('DELETE', `/machines/${id}/secrets/${one}`);
    await expectRefused(retired, 'conflict', 'client.changed');
    await api.ports.appClients.removeSecret(id, String(one));
    await expectRefused(await stale('POST', `/machines/${id}/secrets`), 'conflict', 'client.changed');
    expect(await secretIds(id)).toEqual(others);
  });

  test('gets no secret that is not in the trail', async () => {
    const { id } = await newMachine();
    const before = await secretIds(id);
    for (const commit of [async () => false, () => Promise.reject(new Error('down'))]) {
      const failing = askWith((ports) => ({ directory: { ...ports.directory, commit } }));
      const answer = await failing('POST', `/machines/${id}/secrets`);
      expect([409, 500]).toContain(answer.status);
      expect(answer.body.secret).toBeUndefined();
      expect(await secretIds(id)).toEqual(before);
    }
  });

  test('that a review has suspended is told so', async () => {
    const { id } = await newMachine();
    await api.cloud.edit(
      'directory',
      ({ pk, sk }) => pk?.S === `U#${id}` && sk?.S === 'PRINCIPAL',
      (item) => ({ ...item, status: { S: 'suspended' } }),
    );
    expect((await ask('GET', `/machines/${id}`, undefined, deputy)).body.status).toBe('suspended');
  });

  test('is registered once under an id', async () => {
    const { id } = await newMachine();
    const theirs = {
      ...machine,
      client: id,
      tenant: elsewhere.tenant,
      kind: 'machine',
      status: 'active',
    } as const;
    const again = api.ports.clients.clientPuts(theirs, { at: new Date(), by: deputy.subject });
    expect(await api.ports.directory.commit(again)).toBe(false);
  });

  test('that is removed is no principal and no client any more', async () => {
    const { id } = await newMachine();
    await expectDone(await ask('DELETE', `/machines/${id}`), 204, 'PRIVILEGE_CHANGE', {
      grant: { before: 'system.active', after: 'system.removed' },
      resourceId: id,
    });
    expect((await api.ports.directory.principal(id))?.status).toBe('removed');
    expect((await api.ports.directory.client(id))?.status).toBe('removed');
    const sessions = (await api.cloud.items('sessions')).filter(({ pk }) => pk?.S?.endsWith(`#U#${id}`));
    expect(sessions).toMatchObject([{ endedAllAt: { N: expect.any(String) } }]);
    for (const [method, path] of [
      ['GET', `/machines/${id}`],
      ['POST', `/machines/${id}/secrets`],
      ['DELETE', `/machines/${id}/secrets/${id}--1`],
    ] as const)
      await expectRefused(await ask(method, path), 'not-found', 'client.removed');
  });
});

describe('nobody else’s client can be told from none', () => {
  test.each([
    ['GET', (id: string) => `/machines/${id}`, 'machine'],
    ['DELETE', (id: string) => `/machines/${id}`, 'machine'],
    ['POST', (id: string) => `/machines/${id}/secrets`, 'machine'],
    ['DELETE', (id: string) => `/machines/${id}/secrets/${id}--1`, 'machine'],
    ['DELETE', (id: string) => `/apps/${id}`, 'application'],
    ['PUT', (id: string) => `/consents/${id}`, 'application'],
  ] as const)('by %s %s', async (method, path, kind) => {
    const theirs =
      kind === 'machine'
        ? await ask('POST', '/machines', machine, elsewhere.admin)
        : await ask('POST', '/apps', app, elsewhere.admin);
    const ownOfOtherKind = kind === 'machine' ? await newApp() : (await newMachine()).id;
    const body = method === 'PUT' ? { scopes: ['user/Patient.r'] } : undefined;
    for (const id of [String(theirs.body.id), 'a'.repeat(26), ownOfOtherKind])
      await expectRefused(await ask(method, path(id), body), 'not-found', 'client.tenant');
    expect((await api.ports.directory.client(String(theirs.body.id)))?.status).toBe('active');
  });
});

describe('a consent', () => {
  let person: IdentityPerson;
  beforeAll(async () => {
    person = await api.join('provider');
  });
  const grant = (id: string, scopes: readonly string[], by = person) =>
    ask('PUT', `/consents/${id}`, { scopes }, by);

  test('is given, listed and taken back by the person alone', async () => {
    const id = await newApp({ name: 'Portal of consents' });
    await expectDone(await grant(id, ['user/Patient.r']), 204, 'PRIVILEGE_CHANGE', {
      resource: 'Consent',
      resourceId: id,
      actor: person.subject,
    });
    const listed = await expectDone(
      await ask('POST', '/consents/_search', {}, person),
      200,
      'DIRECTORY_ACCESS',
    );
    expect(listed.body.items).toEqual([
      {
        client: id,
        name: 'Portal of consents',
        scopes: ['user/Patient.r'],
        grantedAt: expect.any(String),
      },
    ]);
    const others = await ask('POST', '/consents/_search', {});
    expect(others.body.items).toEqual([]);
    await expectRefused(await ask('DELETE', `/consents/${id}`), 'not-found', 'consent.unknown');
    await expectDone(await ask('DELETE', `/consents/${id}`, undefined, person), 204, 'PRIVILEGE_CHANGE', {
      resource: 'Consent',
      resourceId: id,
    });
    expect(await api.ports.directory.consent(person.subject, id)).toBeUndefined();
    await expectRefused(
      await ask('DELETE', `/consents/${id}`, undefined, person),
      'not-found',
      'consent.unknown',
    );
  });

  test('is listed page by page, by a cursor that nobody makes', async () => {
    const nurse = await api.join('nurse');
    const ids = [await newApp(), await newApp()].sort();
    for (const id of ids) expect((await grant(id, ['user/Patient.r'], nurse)).status).toBe(204);
    const page = async (body: object) => {
      const answer = await ask('POST', '/consents/_search', body, nurse);
      return answer.body as unknown as { items: { client: string }[]; cursor?: string };
    };
    const first = await page({ limit: 1 });
    const second = await page({ limit: 1, cursor: first.cursor });
    expect([first, second].flatMap(({ items }) => items.map(({ client }) => client))).toEqual(ids);
    expect(second).not.toHaveProperty('cursor');
    expect(await page({ limit: 2 })).not.toHaveProperty('cursor');
    const made = `${Buffer.from(JSON.stringify([9_999_999_999, ids[0]])).toString('base64url')}.${'A'.repeat(43)}`;
    expect(first.cursor).toMatch(/^[\w-]+\.[\w-]{43}$/);
    expect(await page({ limit: 1, cursor: made })).toMatchObject({ code: 'invalid-parameter' });
  });

  test('covers no scope that the application is not registered for', async () => {
    const id = await newApp();
    await expectRefused(
      await grant(id, ['user/Patient.r', 'user/Patient.c']),
      'not-permitted',
      'consent.scopes',
    );
    expect(await api.ports.directory.consent(person.subject, id)).toBeUndefined();
  });

  test('is not given to an application that was removed, also just now', async () => {
    const id = await newApp();
    const client = await api.ports.directory.client(id);
    await ask('DELETE', `/apps/${id}`);
    await expectRefused(await grant(id, ['user/Patient.r']), 'not-found', 'client.removed');
    const stale = api.postWith((ports) => ({
      directory: { ...ports.directory, client: async () => client },
    }));
    const answer = await stale(
      `/consents/${id}`,
      { scopes: ['user/Patient.r'] },
      { method: 'PUT', token: person.accessToken },
    );
    await expectRefused(answer, 'conflict', 'consent.changed');
    expect(await api.ports.directory.consent(person.subject, id)).toBeUndefined();
  });

  test('is neither given nor taken back over one that changed meanwhile', async () => {
    const id = await newApp();
    await grant(id, ['user/Patient.r']);
    const first = await api.ports.directory.consent(person.subject, id);
    await grant(id, ['user/Vital.r']);
    const by = (consent: typeof first) =>
      api.postWith((ports) => ({ directory: { ...ports.directory, consent: async () => consent } }));
    const put = { method: 'PUT', token: person.accessToken } as const;
    const scopes = ['user/Patient.r'];
    const current = await api.ports.directory.consent(person.subject, id);
    const ofThisMoment = first && current && { ...first, grantedAt: current.grantedAt };
    for (const stale of [first, ofThisMoment, undefined])
      await expectRefused(await by(stale)(`/consents/${id}`, { scopes }, put), 'conflict', 'consent.changed');
    expect(await api.ports.directory.consent(person.subject, id)).toMatchObject({ scopes: ['user/Vital.r'] });
    await ask('DELETE', `/consents/${id}`, undefined, person);
    const again = { method: 'DELETE', token: person.accessToken } as const;
    await expectRefused(await by(first)(`/consents/${id}`, undefined, again), 'conflict', 'consent.changed');
  });

  const endedAt = async (id: string): Promise<string | undefined> => {
    const items = await api.cloud.items('sessions');
    return items.find(({ pk }) => pk?.S === `T#${api.tenant}#U#${person.subject}`)?.[`ended#${id}`]?.N;
  };

  test('to less than before, or none, ends the application’s sessions, and to more does not', async () => {
    const id = await newApp();
    await grant(id, ['user/Patient.r']);
    await grant(id, ['user/Patient.r', 'user/Vital.r']);
    expect(await endedAt(id)).toBeUndefined();
    await grant(id, ['user/Vital.r']);
    const narrowed = Number(await endedAt(id));
    expect(narrowed).toBeGreaterThan(0);
    expect((await ask('DELETE', `/consents/${id}`, undefined, person)).status).toBe(204);
    expect(Number(await endedAt(id))).toBeGreaterThan(narrowed);
  });

  test('takes the place of none but the one that was read', async () => {
    const id = await newApp();
    const token = person.accessToken;
    const stale = async (scopes: readonly string[]): Promise<void> => {
      const read = await api.ports.directory.consent(person.subject, id);
      const racing = api.postWith((ports) => ({
        directory: { ...ports.directory, consent: async () => read },
      }));
      await grant(id, scopes);
      const answer = await racing(
        `/consents/${id}`,
        { scopes: ['user/Patient.r'] },
        { method: 'PUT', token },
      );
      await expectRefused(answer, 'conflict', 'consent.changed');
      expect((await api.ports.directory.consent(person.subject, id))?.scopes).toEqual(scopes);
    };
    await stale(['user/Patient.r', 'user/Vital.r']);
    await stale(['user/Vital.r']);
    await stale(['user/Vital.r']);
  });

  test('is the person’s to give at the façade, and no application’s', async () => {
    const id = await newApp();
    const through = api.postWith((ports) => ({
      tokens: {
        verify: async (token, now) => {
          const verified = await ports.tokens.verify(token, now);
          return { ...verified, principal: { ...verified.principal, client: id } };
        },
      },
    }));
    const token = person.accessToken;
    for (const [method, path, body] of [
      ['PUT', `/consents/${id}`, { scopes: ['user/Patient.r'] }],
      ['DELETE', `/consents/${id}`, undefined],
      ['POST', '/consents/_search', {}],
    ] as const)
      await expectRefused(await through(path, body, { method, token }), 'not-permitted', 'consent.client');
  });
});

test('a tenant has fifty applications and fifty machines at most', async () => {
  const full =
    (which: string) =>
    (method: Method, path: string, body: object): Promise<IdentityAnswer> =>
      api.postWith((ports) => ({
        clients: {
          ...ports.clients,
          clients: async (_tenant, list, { limit }) =>
            Array.from({ length: list === which ? limit : limit - 1 }).map(() => ({}) as never),
        },
      }))(path, body, { method, token: deputy.accessToken });
  expect(mostClients).toBe(50);
  const before = await poolClients();
  await expectRefused(await full('applications')('POST', '/apps', app), 'conflict', 'client.limit');
  await expectRefused(await full('machines')('POST', '/machines', machine), 'conflict', 'client.limit');
  expect(await poolClients()).toEqual(before);
  expect((await full('machines')('POST', '/apps', app)).status).toBe(201);
  expect((await full('applications')('POST', '/machines', machine)).status).toBe(201);
});

describe('whoever was suspended while asking changes nothing', () => {
  const scopes = ['user/Patient.r'];
  /** The session goes on, as it does for the moment between its check and the transaction. */
  const mark = (status: 'active' | 'suspended'): Promise<number> =>
    api.cloud.edit(
      'directory',
      ({ pk, sk }) => pk?.S === `U#${deputy.subject}` && sk?.S === 'PRINCIPAL',
      (item) => ({ ...item, status: { S: status } }),
    );
  const all = async () => [await poolClients(), await rows('O#'), await rows(`U#${deputy.subject}`)];
  const made = async (path: string, body?: object): Promise<string> =>
    String((await ask('POST', path, body, deputy)).body.id);
  afterEach(() => mark('active'));

  test.each<[string, () => Promise<[Method, string, object?]>]>([
    ['registering an application', async () => ['POST', '/apps', app]],
    ['registering a machine', async () => ['POST', '/machines', machine]],
    ['removing an application', async () => ['DELETE', `/apps/${await made('/apps', app)}`]],
    ['removing a machine', async () => ['DELETE', `/machines/${await made('/machines', machine)}`]],
    ['rotating a secret', async () => ['POST', `/machines/${await made('/machines', machine)}/secrets`]],
    [
      'retiring a secret',
      async () => {
        const path = `/machines/${await made('/machines', machine)}/secrets`;
        return ['DELETE', `${path}/${await made(path)}`];
      },
    ],
    ['consenting', async () => ['PUT', `/consents/${await made('/apps', app)}`, { scopes }]],
  ])('by %s', async (_what, prepared) => {
    const [method, path, body] = await prepared();
    await mark('suspended');
    const before = await all();
    await expectRefused(await ask(method, path, body, deputy), 'conflict');
    expect(await all()).toEqual(before);
  });
});
