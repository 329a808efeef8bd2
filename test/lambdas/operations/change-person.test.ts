import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import { today } from '../../../scripts/local/create-tenant.ts';
import {
  type IdentityAnswer,
  type IdentityApi,
  type IdentityPerson,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';

let api: IdentityApi;
let nurse: IdentityPerson;
let colleague: IdentityPerson;
let suspended: IdentityPerson;
/** Another tenant's administrator. */
let stranger: string;
beforeAll(async () => {
  api = await startIdentityApi();
  nurse = await api.join('nurse');
  colleague = await api.join('nurse');
  suspended = await api.join('nurse');
  await ask('a suspension', suspended.subject);
  const wanted = { name: 'Another', adminEmail: newEmail(), adminTrainedOn: today() };
  stranger = (await api.newTenant({ command: 'create-tenant', ...wanted })).admin.id;
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
const every = Object.keys(changes) as Change[];

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
describe.each(every)('%s', (change) => {
  test('is an admin’s, and a compliance officer’s at most', async () => {
    const answer = await ask(change, nurse.subject, { token: colleague.accessToken });
    expect(answer.body.code).toBe('not-permitted');
    expect(await entryOf(answer)).toMatchObject({ type: 'AUTHORIZATION_DENIED', status: 403 });
  });

  test('is not one’s own', async () => {
    const before = await known(api.admin.subject);
    const answer = await ask(change, api.admin.subject);
    expect(answer.body.code).toBe('not-permitted');
    expect(await entryOf(answer)).toMatchObject({ policy: 'grant.own', resourceId: api.admin.subject });
    expect(await known(api.admin.subject)).toEqual(before);
  });

  test('does not tell another tenant’s people from nobody', async () => {
    const [theirs, nobody] = [await ask(change, stranger), await ask(change, randomUUID())];
    for (const answer of [theirs, nobody]) {
      expect(answer.body).toMatchObject({ code: 'not-found', status: 404 });
      expect(await entryOf(answer)).toMatchObject({ type: 'UNAUTHORIZED_ACCESS_ATTEMPT' });
    }
    expect(Object.keys(theirs.body)).toEqual(Object.keys(nobody.body));
    expect(await known(stranger)).toMatchObject({ role: 'admin', roleVersion: 1, status: 'active' });
  });

  test('reaches no machine', async () => {
    const subject = randomUUID();
    const machine: DirectoryPrincipal = {
      subject,
      tenant: api.tenant,
      role: 'system',
      roleVersion: 1,
      status: 'active',
    };
    await api.ports.directory.commit(api.ports.directory.principalPuts(machine, { at: new Date() }));
    expect((await ask(change, subject)).body.code).toBe('not-found');
    expect(await known(subject)).toMatchObject(machine);
  });

  test('does not happen without its audit entry', async () => {
    const { subject } = change === 'a reactivation' ? suspended : nurse;
    const before = await known(subject);
    const post = api.postWith(({ auditPut }) => ({
      auditPut: (entry) => ({ ...auditPut(entry), TableName: 'missing' }),
    }));
    expect((await ask(change, subject, { post })).body.code).toBe('unavailable');
    expect(await known(subject)).toEqual(before);
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
  });

  test('does not happen when the caller has lost the power meanwhile', async () => {
    const { subject } = change === 'a reactivation' ? suspended : nurse;
    const before = await known(subject);
    const leaver = await api.join('admin');
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          await ask('a suspension', leaver.subject);
          return directory.commit(items);
        },
      },
    }));
    const answer = await ask(change, subject, { post, token: leaver.accessToken });
    expect(answer.body.code).toBe('conflict');
    expect(await entryOf(answer)).toMatchObject({ outcome: 'refused', policy: 'person.changed' });
    expect(await known(subject)).toEqual(before);
  });

  test('does not overrule another change that came first', async () => {
    const mover = await api.join('nurse');
    if (change === 'a reactivation') await ask('a suspension', mover.subject);
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          await ask('a removal', mover.subject);
          return directory.commit(items);
        },
      },
    }));
    expect((await ask(change, mover.subject, { post })).body.code).toBe('conflict');
    expect(await known(mover.subject)).toMatchObject({ status: 'removed' });
  });
});
