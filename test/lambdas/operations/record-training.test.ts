import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { today } from '../../../scripts/local/create-tenant.ts';
import { type IdentityApi, newEmail, startIdentityApi } from '../identity-api.ts';

let api: IdentityApi;
beforeAll(async () => {
  api = await startIdentityApi();
});
afterAll(() => api.stop());

const record = (id: string, trainedOn: string, token = api.admin.accessToken) =>
  api.post(`/users/${id}/training`, { trainedOn }, { method: 'PUT', token });
const untrained = async () => {
  const email = newEmail();
  const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
  return api.enrol(email, body.temporaryPassword ?? '');
};

describe('a training', () => {
  test('gives the role’s scopes at the next refresh, and ends no session', async () => {
    const nurse = await untrained();
    expect(nurse.scope).toBe('identity/session');
    const recorded = await record(nurse.subject, today());
    expect(recorded.status).toBe(204);
    expect(await api.entries(recorded.headers['x-request-id'])).toMatchObject([
      {
        type: 'PRIVILEGE_CHANGE',
        operation: 'users.recordTraining',
        actor: api.admin.subject,
        resource: 'Principal',
        resourceId: nurse.subject,
        grant: { before: 'nurse.active', after: 'nurse.active' },
      },
    ]);
    const { refreshToken } = nurse;
    const renewed = await api.post('/auth/refresh', { refreshToken });
    expect(renewed.body.scope?.split(' ')).toContain('user/Vital.c');
    expect((await api.ports.directory.principal(nurse.subject))?.roleVersion).toBe(1);
  });

  test('that is too old or to come is refused', async () => {
    const nurse = await untrained();
    for (const day of ['2020-01-01', '2999-01-01']) {
      const answer = await record(nurse.subject, day);
      expect(answer.body.code).toBe('training-required');
      expect(await api.entries(answer.headers['x-request-id'])).toMatchObject([{ outcome: 'refused' }]);
    }
    expect((await api.ports.directory.principal(nurse.subject))?.trainedOn).toBeUndefined();
  });

  test('is recorded by an admin or a compliance officer', async () => {
    const nurse = await untrained();
    const officer = await api.join('compliance');
    expect((await record(nurse.subject, today(), officer.accessToken)).status).toBe(204);
    const colleague = await api.join('nurse');
    const answer = await record(nurse.subject, today(), colleague.accessToken);
    expect(answer.body.code).toBe('not-permitted');
  });

  test('is not one’s own to record', async () => {
    const answer = await record(api.admin.subject, today());
    expect(answer.body.code).toBe('not-permitted');
    expect(await api.entries(answer.headers['x-request-id'])).toMatchObject([{ policy: 'grant.own' }]);
  });
});

describe('a user', () => {
  test.each(['2020-01-01', '2999-01-01'])('is not created with a training of %s', async (trainedOn) => {
    const email = newEmail();
    const wanted = { email, role: 'nurse', trainedOn };
    const answer = await api.post('/users', wanted, { token: api.admin.accessToken });
    expect(answer.body.code).toBe('training-required');
    expect(await api.ports.accounts.find(email)).toBeUndefined();
  });
});
