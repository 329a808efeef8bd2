import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newPatientId } from '../../../lambdas/domain/identifiers.ts';
import { today } from '../../../scripts/local/create-tenant.ts';
import { type IdentityApi, type IdentityPerson, newEmail, startIdentityApi } from '../identity-api.ts';

interface User {
  readonly id: string;
  readonly role: string;
  readonly status: string;
  readonly email?: string;
}
interface List {
  readonly items: readonly User[];
  readonly cursor?: string;
}

let api: IdentityApi;
let nurse: IdentityPerson;
let officer: IdentityPerson;
let patient: string;
let machine: string;
beforeAll(async () => {
  api = await startIdentityApi();
  [nurse, officer] = [await api.join('nurse'), await api.join('compliance')];
  const wanted = { email: newEmail(), role: 'patient', patient: newPatientId() };
  const { body } = await api.post('/users', wanted, { token: api.admin.accessToken });
  patient = body.id ?? '';
  machine = randomUUID();
  const { tenant, ports } = api;
  const principal = { subject: machine, tenant, role: 'system', roleVersion: 1, status: 'active' } as const;
  await ports.directory.commit(ports.directory.principalPuts(principal, { at: new Date() }));
});
afterAll(() => api.stop());

const list = async (body: object = {}, token = api.admin.accessToken) => {
  const answer = await api.post('/users/_search', body, { token });
  return { ...answer, body: answer.body as unknown as List };
};
const read = (id: string, token = api.admin.accessToken) =>
  api.post(`/users/${id}`, undefined, { method: 'GET', token });

describe('the list of users', () => {
  test('has the people of the tenant, those who were removed too, and no machine', async () => {
    const leaver = await api.join('billing');
    await api.post(`/users/${leaver.subject}`, undefined, { method: 'DELETE', token: api.admin.accessToken });
    const { body, headers } = await list();
    const people = [api.admin, nurse, officer, leaver].map(({ subject }) => subject);
    expect(body.items.map(({ id }) => id).sort()).toEqual([...people, patient].sort());
    expect(body.items.find(({ id }) => id === nurse.subject)).toEqual({
      id: nurse.subject,
      role: 'nurse',
      status: 'active',
      isEnrolled: true,
      trainedOn: today(),
    });
    expect(body.items.find(({ id }) => id === patient)).toEqual({
      id: patient,
      role: 'patient',
      status: 'active',
      isEnrolled: false,
    });
    expect(body.items.find(({ id }) => id === leaver.subject)?.status).toBe('removed');
    expect(await api.entries(headers['x-request-id'])).toMatchObject([
      { type: 'DIRECTORY_ACCESS', policy: 'users.list', actor: api.admin.subject },
    ]);
  });

  test('comes page by page, each person once', async () => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await list({ limit: 2, ...(cursor !== undefined && { cursor }) });
      expect(body.items.length).toBeLessThanOrEqual(2);
      found.push(...body.items.map(({ id }) => id));
      cursor = body.cursor;
    } while (cursor !== undefined);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining([api.admin.subject, nurse.subject, patient]));
    expect(found).not.toContain(machine);
  });

  test('goes on for nobody else', async () => {
    const { body } = await list({ limit: 1 });
    const answer = await list({ cursor: body.cursor }, officer.accessToken);
    expect(answer.body).toMatchObject({ code: 'invalid-parameter' });
  });

  test('is open to compliance officers, and to nobody who treats', async () => {
    expect((await list({}, officer.accessToken)).status).toBe(200);
    expect((await list({}, nurse.accessToken)).body).toMatchObject({ code: 'not-permitted' });
  });
});

describe('a user', () => {
  test('is read with the address, which the trail names as disclosed', async () => {
    const { body, headers } = await read(nurse.subject);
    expect(body).toMatchObject({ id: nurse.subject, role: 'nurse', status: 'active', email: nurse.email });
    expect(await api.entries(headers['x-request-id'])).toMatchObject([
      { type: 'DIRECTORY_ACCESS', resource: 'Principal', resourceId: nurse.subject, disclosed: ['email'] },
    ]);
  });

  test('who is a patient has none here', async () => {
    const { body, headers } = await read(patient);
    expect(body).toEqual({ id: patient, role: 'patient', status: 'active', isEnrolled: false });
    const [entry] = await api.entries(headers['x-request-id']);
    expect(entry).not.toHaveProperty('disclosed');
  });

  test('is not found in another tenant, and neither is a machine', async () => {
    const wanted = { name: 'Another', adminEmail: newEmail(), adminTrainedOn: today() };
    const other = await api.newTenant({ command: 'create-tenant', ...wanted });
    for (const id of [other.admin.id, randomUUID(), machine]) {
      const answer = await read(id);
      expect(answer.body).toMatchObject({ code: 'not-found', status: 404 });
      expect(await api.entries(answer.headers['x-request-id'])).toMatchObject([
        { type: 'UNAUTHORIZED_ACCESS_ATTEMPT' },
      ]);
    }
    expect((await read(patient, nurse.accessToken)).body.code).toBe('not-permitted');
  });
});
