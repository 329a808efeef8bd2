import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import type { Role } from '../../../model/vocabulary.ts';
import { today } from '../../../scripts/local/create-tenant.ts';
import {
  codeOf,
  type IdentityAnswer,
  type IdentityApi,
  type IdentityPerson,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';

let api: IdentityApi;
beforeAll(async () => {
  api = await startIdentityApi();
});
afterAll(() => api.stop());

const changes = {
  'a change of role': { method: 'PUT', path: '/role', body: { role: 'provider' } },
  'a suspension': { method: 'POST', path: '/suspend' },
  'a reactivation': { method: 'POST', path: '/reactivate' },
  'a removal': { method: 'DELETE', path: '' },
  'a reset of factors': { method: 'POST', path: '/reset-factors' },
  'a training': { method: 'PUT', path: '/training', body: { trainedOn: today() } },
} as const satisfies Record<string, { method: 'PUT' | 'POST' | 'DELETE'; path: string; body?: object }>;
type Change = keyof typeof changes;

const ask = (
  change: Change,
  id: string,
  { token = api.admin.accessToken, post = api.post } = {},
): Promise<IdentityAnswer> => {
  const { method, path, ...rest } = changes[change];
  return post(`/users/${id}${path}`, 'body' in rest ? rest.body : undefined, { method, token });
};
const known = (id: string) => api.ports.directory.principal(id);
const entryOf = async ({ headers }: IdentityAnswer): Promise<AuditEntry> => {
  const [entry, ...more] = await api.entries(headers['x-request-id']);
  expect(more).toEqual([]);
  return entry as AuditEntry;
};
const listed = async (id: string): Promise<string> => {
  const items = await api.cloud.items('directory');
  const item = items.find(({ pk, sk }) => pk?.S === `T#${api.tenant}#U` && sk?.S === id);
  return `${item?.role?.S}.${item?.status?.S}`;
};
const login = ({ email, password }: IdentityPerson) => api.post('/auth/login', { email, password });
const signIn = async (person: IdentityPerson): Promise<IdentityAnswer> => {
  const { challenge, session } = (await login(person)).body;
  return api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
};
/** A passkey of a person's, as a row. */
const addPasskey = ({ subject }: IdentityPerson) =>
  api.ports.directory.commit([
    { Put: { TableName: 'directory', Item: { pk: { S: `U#${subject}` }, sk: { S: 'PASSKEY#00' } } } },
  ]);
/** The kinds of rows that the directory keeps of a person. */
const kept = async ({ subject }: IdentityPerson): Promise<(string | undefined)[]> =>
  (await api.cloud.items('directory')).filter(({ pk }) => pk?.S === `U#${subject}`).map(({ sk }) => sk?.S);
const down = () => Promise.reject(Object.assign(new Error('down'), { $metadata: {} }));

describe.each([
  ['a change of role', 'provider.active'],
  ['a suspension', 'nurse.suspended'],
  ['a removal', 'nurse.removed'],
  ['a reset of factors', 'nurse.active'],
] as const)('%s', (change, after) => {
  test('ends every session at once, and says so in the trail', async () => {
    const nurse = await api.join('nurse');
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
    const answer = await ask(change, nurse.subject);
    expect(answer.status).toBe(change === 'a reset of factors' ? 200 : 204);
    expect(await entryOf(answer)).toMatchObject({
      type: 'PRIVILEGE_CHANGE',
      actor: api.admin.subject,
      tenant: api.tenant,
      resource: 'Principal',
      resourceId: nurse.subject,
      grant: { before: 'nurse.active', after },
    });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
    const refreshed = await api.post('/auth/refresh', { refreshToken: nurse.refreshToken });
    expect(refreshed.body.code).toBe('unauthenticated');
    expect(await listed(nurse.subject)).toBe(after);
  });
});

describe('a mover', () => {
  test('has the new role’s scopes after the next sign-in, under a new role version', async () => {
    const nurse = await api.join('nurse');
    await ask('a change of role', nurse.subject);
    expect(await known(nurse.subject)).toMatchObject({ role: 'provider', roleVersion: 2 });
    const { body } = await signIn(nurse);
    expect(body.scope?.split(' ')).toContain('user/Patient.c');
    expect(decodeJwt(body.accessToken ?? '').sub).toBe(nurse.subject);
  });

  test('needs the training of the new role', async () => {
    const email = newEmail();
    const wanted = { email, role: 'compliance' };
    const { body } = await api.post('/users', wanted, { token: api.admin.accessToken });
    const answer = await ask('a change of role', body.id ?? '');
    expect(answer.body).toMatchObject({ code: 'training-required', status: 422 });
    expect(await entryOf(answer)).toMatchObject({ outcome: 'refused', policy: 'person.training' });
    await ask('a training', body.id ?? '');
    expect((await ask('a change of role', body.id ?? '')).status).toBe(204);
  });
});

describe('a leaver', () => {
  test('who is suspended cannot sign in until somebody reactivates them', async () => {
    const nurse = await api.join('nurse');
    await ask('a suspension', nurse.subject);
    expect((await login(nurse)).body.code).toBe('invalid-credentials');
    const back = await ask('a reactivation', nurse.subject);
    expect(await entryOf(back)).toMatchObject({
      grant: { before: 'nurse.suspended', after: 'nurse.active' },
    });
    expect(await listed(nurse.subject)).toBe('nurse.active');
    expect((await signIn(nurse)).status).toBe(200);
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
  });

  test('who is removed never comes back, and the subject is nobody else’s', async () => {
    const nurse = await api.join('nurse');
    await addPasskey(nurse);
    await ask('a removal', nurse.subject);
    expect(await kept(nurse)).toEqual(['PRINCIPAL']);
    expect((await login(nurse)).body.code).toBe('invalid-credentials');
    expect(await api.ports.accounts.find(nurse.email)).toBeUndefined();
    expect((await ask('a reactivation', nurse.subject)).body.code).toBe('conflict');
    expect(await known(nurse.subject)).toMatchObject({ status: 'removed' });
    const { subject } = nurse;
    const { tenant } = api;
    const again: DirectoryPrincipal = { subject, tenant, role: 'admin', roleVersion: 1, status: 'active' };
    const puts = api.ports.directory.principalPuts(again, { at: new Date() });
    expect(await api.ports.directory.commit(puts)).toBe(false);
    const wanted = { email: nurse.email, role: 'nurse' as Role, trainedOn: today() };
    const anew = await api.post('/users', wanted, { token: api.admin.accessToken });
    expect(anew.status).toBe(201);
    expect(anew.body.id).not.toBe(nurse.subject);
  });
});

describe('when the user pool does not follow', () => {
  test.each([
    ['a suspension', 'disable', 'suspended'],
    ['a removal', 'remove', 'removed'],
  ] as const)('%s holds all the same, and is made good by the next try', async (change, call, status) => {
    const nurse = await api.join('nurse');
    const warnings: string[] = [];
    const post = api.postWith(({ accounts }) => ({
      accounts: { ...accounts, [call]: down },
      log: { request() {}, failure() {}, warn: (event) => warnings.push(event) },
    }));
    expect((await ask(change, nurse.subject, { post })).status).toBe(204);
    expect(warnings).toEqual(['account-unchanged']);
    expect(await known(nurse.subject)).toMatchObject({ status });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
    expect((await login(nurse)).body.code).toBe('invalid-credentials');
    const called: string[] = [];
    const watching = api.postWith(({ accounts }) => ({
      accounts: {
        ...accounts,
        [call]: async (subject: string) => {
          called.push(subject);
          await accounts[call](subject);
        },
      },
    }));
    const again = await ask(change, nurse.subject, { post: watching });
    expect(again.status).toBe(204);
    expect(called).toEqual([nurse.subject]);
    expect(await entryOf(again)).toMatchObject({
      grant: { before: `nurse.${status}`, after: `nurse.${status}` },
    });
  });

  test('a reactivation is made good by the next try', async () => {
    const nurse = await api.join('nurse');
    await ask('a suspension', nurse.subject);
    const post = api.postWith(({ accounts }) => ({ accounts: { ...accounts, enable: down } }));
    expect((await ask('a reactivation', nurse.subject, { post })).status).toBe(204);
    expect((await login(nurse)).body.code).toBe('invalid-credentials');
    expect((await ask('a reactivation', nurse.subject)).status).toBe(204);
    expect((await signIn(nurse)).status).toBe(200);
  });

  test.each(['setTemporaryPassword', 'removeTotp', 'signOut'] as const)(
    'a reset of factors says so (%s), leaves the old device without a session, and can be repeated',
    async (call) => {
      const nurse = await api.join('nurse');
      const post = api.postWith(({ accounts }) => ({ accounts: { ...accounts, [call]: down } }));
      const answer = await ask('a reset of factors', nurse.subject, { post });
      expect(answer.body).toMatchObject({ code: 'unavailable', status: 503 });
      expect(JSON.stringify(answer.body)).not.toContain('temporaryPassword');
      expect(await api.isAlive(nurse.accessToken)).toBe(false);
      const { body } = call === 'setTemporaryPassword' ? await signIn(nurse) : await login(nurse);
      expect(body.code).toBe(call === 'setTemporaryPassword' ? 'invalid-challenge' : 'invalid-credentials');
      const again = await ask('a reset of factors', nurse.subject);
      expect(again.status).toBe(200);
      const anew = await api.enrol(nurse.email, again.body.temporaryPassword ?? '');
      expect(anew.scope.split(' ')).toContain('user/Vital.c');
    },
  );
});

describe('a reset of factors', () => {
  test('takes the password too: the new one, told once, enrols anew', async () => {
    const nurse = await api.join('nurse');
    await addPasskey(nurse);
    const { body } = await ask('a reset of factors', nurse.subject);
    expect(Object.keys(body)).toEqual(['temporaryPassword']);
    expect(await known(nurse.subject)).not.toHaveProperty('mfaEnrolledAt');
    expect(await known(nurse.subject)).toHaveProperty('mustEnrolSince');
    expect(await kept(nurse)).toEqual(['PRINCIPAL']);
    expect((await login(nurse)).body.code).toBe('invalid-credentials');
    const anew = await api.enrol(nurse.email, body.temporaryPassword ?? '');
    expect(anew.scope.split(' ')).toContain('user/Vital.c');
    expect(await known(nurse.subject)).toHaveProperty('mfaEnrolledAt');
    expect(await known(nurse.subject)).not.toHaveProperty('mustEnrolSince');
  });

  test('opens no enrolment to a sign-in that began before', async () => {
    const email = newEmail();
    const wanted = { email, role: 'nurse', trainedOn: today() };
    const made = (await api.post('/users', wanted, { token: api.admin.accessToken })).body;
    const begun = (await api.post('/auth/login', { email, password: made.temporaryPassword })).body;
    const newPassword = `Synthetic-${randomUUID()}-A1!`;
    const setup = await api.post('/auth/challenge', { ...begun, newPassword });
    const pool = api.postWith(({ accounts }) => ({
      accounts: { ...accounts, setTemporaryPassword: async () => {} },
    }));
    await ask('a reset of factors', made.id ?? '', { post: pool });
    const { challenge, session, secret = '' } = setup.body;
    const late = await api.post('/auth/challenge', { challenge, session, code: codeOf(secret) });
    expect(late.body.code).toBe('invalid-challenge');
    expect(await entryOf(late)).toMatchObject({ policy: 'totp.enrolled' });
    expect(await known(made.id ?? '')).not.toHaveProperty('mfaEnrolledAt');
  });

  test('ends a sign-in whose code the pool accepts meanwhile', async () => {
    const nurse = await api.join('nurse');
    const { challenge, session } = (await login(nurse)).body;
    const revoked: string[] = [];
    const post = api.postWith(({ signIn: client }) => ({
      signIn: {
        ...client,
        answer: async (...given) => {
          const step = await client.answer(...given);
          await ask('a reset of factors', nurse.subject);
          return step;
        },
        revoke: async (token) => {
          revoked.push(token);
          await client.revoke(token);
        },
      },
    }));
    const answer = await post('/auth/challenge', { challenge, session, code: codeOf(nurse.totp) });
    expect(answer.body.code).toBe('invalid-challenge');
    expect(await entryOf(answer)).toMatchObject({ policy: 'totp.reset', actor: nurse.subject });
    expect(revoked).toHaveLength(1);
  });

  test('of someone who had none is done all the same', async () => {
    const email = newEmail();
    const wanted = { email, role: 'nurse', trainedOn: today() };
    const { body } = await api.post('/users', wanted, { token: api.admin.accessToken });
    const warnings: string[] = [];
    const post = api.postWith(() => ({
      log: { request() {}, failure() {}, warn: (event) => warnings.push(event) },
    }));
    expect((await ask('a reset of factors', body.id ?? '', { post })).status).toBe(200);
    expect(warnings).toEqual([]);
  });
});
