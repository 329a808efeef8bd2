import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';
import { type SessionStore, sessionStore } from '../../../lambdas/ports/session-store.ts';
import type { AuditEventType } from '../../../model/audit-event-types.ts';
import type { ProblemCode } from '../../../model/problems.ts';
import type { Role } from '../../../model/vocabulary.ts';
import {
  codeOf,
  type IdentityAnswer,
  type IdentityApi,
  type IdentityAsk,
  type IdentityPerson,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';

interface Listed {
  readonly items: readonly { readonly id: string; readonly isCurrent: boolean }[];
  readonly cursor?: string;
}

let api: IdentityApi;
let store: SessionStore;
beforeAll(async () => {
  api = await startIdentityApi();
  store = sessionStore({
    table: 'sessions',
    clientFor: (tenant) => api.cloud.clientsFor(tenant).dynamodb,
    limitsOf: sessionLimits(),
    directory: api.ports.directory,
  });
});
afterAll(() => api.stop());

const sessionOf = ({ accessToken }: IdentityPerson): string => String(decodeJwt(accessToken).origin_jti);
const ask = (person: IdentityPerson, method: 'POST' | 'DELETE', path: string, body?: object) =>
  api.post(path, body, { method, token: person.accessToken });
const list = async (person: IdentityPerson, body: object = {}): Promise<Listed> => {
  const answer = await ask(person, 'POST', '/sessions/_search', body);
  expect(answer.status).toBe(200);
  return answer.body as unknown as Listed;
};
const expectEntry = async ({ headers, status }: IdentityAnswer, type: AuditEventType, more: object = {}) =>
  expect(await api.entries(headers['x-request-id'])).toMatchObject([{ type, status, ...more }]);
const expectProblem = (answer: IdentityAnswer, code: ProblemCode): IdentityAnswer => {
  expect(answer.body.code).toBe(code);
  return answer;
};
const isOver = async (person: IdentityPerson, id: string): Promise<boolean> =>
  !(await list(person)).items.some((item) => item.id === id);
/** A further session of somebody, begun some minutes ago. */
const another = async (person: IdentityPerson, role: Role, minutes = 1): Promise<string> => {
  const session = randomUUID();
  const at = new Date(Date.now() - minutes * 60_000);
  await store.start(
    { subject: person.subject, tenant: api.tenant, role, roleVersion: 1, session, client: 'another' },
    { at },
    new Date(),
    { network: '198.51.100.0/24', agent: 'curl' },
  );
  return session;
};

describe('the list of one’s sessions', () => {
  test('tells them apart, the oldest first', async () => {
    const nurse = await api.join('nurse');
    const older = await another(nurse, 'nurse');
    const answer = await ask(nurse, 'POST', '/sessions/_search', {});
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    const times = { startedAt: moment, idleExpiresAt: moment, expiresAt: moment };
    expect(answer.body).toEqual({
      items: [
        {
          id: older,
          isCurrent: false,
          client: 'another',
          network: '198.51.100.0/24',
          agent: 'curl',
          mfa: 'none',
          ...times,
        },
        {
          id: sessionOf(nurse),
          isCurrent: true,
          client: api.ports.client,
          network: '203.0.113.0/24',
          agent: 'test/1',
          mfa: 'totp',
          ...times,
        },
      ],
    });
    await expectEntry(answer, 'DIRECTORY_ACCESS', { actor: nurse.subject, policy: 'sessions.list' });
  });

  test('comes in pages, whose cursors are one’s own', async () => {
    const [nurse, other] = [await api.join('nurse'), await api.join('nurse')];
    const begun = new Map<number, string>();
    for (const minutes of [3, 7, 1, 6, 2, 5, 4]) begun.set(minutes, await another(nurse, 'nurse', minutes));
    const all = [7, 6, 5, 4, 3, 2, 1].map((minutes) => begun.get(minutes));
    const seen: string[] = [];
    let page = await list(nurse, { limit: 3 });
    const { cursor } = page;
    for (;;) {
      seen.push(...page.items.map(({ id }) => id));
      if (page.cursor === undefined) break;
      page = await list(nurse, { limit: 3, cursor: page.cursor });
    }
    expect(seen).toEqual([...all, sessionOf(nurse)]);
    expect(await list(nurse, { limit: 8 })).not.toHaveProperty('cursor');
    expectProblem(await ask(other, 'POST', '/sessions/_search', { cursor }), 'invalid-parameter');
  });

  test.each([[{ limit: 0 }], [{ limit: 101 }], [{ subject: randomUUID() }], [{ cursor: 'x' }]])(
    'is not given for %j',
    async (body) => {
      expectProblem(await ask(api.admin, 'POST', '/sessions/_search', body), 'invalid-body');
    },
  );
});

describe('ending one of one’s sessions', () => {
  test('ends that one at once, here and at Cognito, and no other', async () => {
    const nurse = await api.join('nurse');
    const older = await another(nurse, 'nurse');
    const answer = await ask(nurse, 'DELETE', `/sessions/${older}`);
    expect([answer.status, answer.body]).toEqual([204, {}]);
    await expectEntry(answer, 'TOKEN_REVOKED', {
      actor: nurse.subject,
      session: sessionOf(nurse),
      resource: 'Session',
      resourceId: older,
    });
    expect((await list(nurse)).items.map(({ id }) => id)).toEqual([sessionOf(nurse)]);
    expect((await ask(nurse, 'DELETE', `/sessions/${older}`)).status).toBe(204);
  });

  test('can be this one', async () => {
    const nurse = await api.join('nurse');
    const session = sessionOf(nurse);
    const token = (await api.ports.signIns.token(session)) ?? '';
    expect((await ask(nurse, 'DELETE', `/sessions/${session}`)).status).toBe(204);
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
    expectProblem(await api.post('/auth/refresh', { refreshToken: nurse.refreshToken }), 'unauthenticated');
    expect(await api.ports.signIns.token(session)).toBeUndefined();
    expect(await api.ports.signIn.refresh(token)).toBeUndefined();
  });

  test.each([
    ['a colleague’s', async () => api.join('nurse')],
    ['an administrator’s', async () => api.admin],
  ])('is never %s: it and what continues it stay', async (_whose, who) => {
    const [nurse, victim] = [await api.join('nurse'), await who()];
    const session = sessionOf(victim);
    const answer = await ask(nurse, 'DELETE', `/sessions/${session}`);
    await expectEntry(expectProblem(answer, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT', {
      policy: 'session.own',
      actor: nurse.subject,
    });
    expect(await api.isAlive(victim.accessToken)).toBe(true);
    expect(await api.ports.signIns.token(session)).toBeDefined();
    expectProblem(await ask(nurse, 'DELETE', `/sessions/${randomUUID()}`), 'not-found');
  });

  test('is not an administrator’s by its id either', async () => {
    const nurse = await api.join('nurse');
    expectProblem(await ask(api.admin, 'DELETE', `/sessions/${sessionOf(nurse)}`), 'not-found');
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
  });

  test('needs an id', async () => {
    expectProblem(await ask(api.admin, 'DELETE', '/sessions/mine'), 'invalid-parameter');
  });
});

describe('ending all of one’s sessions', () => {
  test('ends them at once, here and at Cognito, and nobody else’s', async () => {
    const [nurse, colleague] = [await api.join('nurse'), await api.join('nurse')];
    const token = (await api.ports.signIns.token(sessionOf(nurse))) ?? '';
    await another(nurse, 'nurse');
    // The emulator tells a token from an earlier one by the second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const answer = await ask(nurse, 'DELETE', '/sessions');
    expect([answer.status, answer.body]).toEqual([204, {}]);
    await expectEntry(answer, 'TOKEN_REVOKED', {
      actor: nurse.subject,
      resource: 'Principal',
      resourceId: nurse.subject,
    });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
    expectProblem(await api.post('/auth/refresh', { refreshToken: nurse.refreshToken }), 'unauthenticated');
    expect(await api.ports.signIn.refresh(token)).toBeUndefined();
    expect(await api.isAlive(colleague.accessToken)).toBe(true);
  });

  test('is not done when it cannot be audited', async () => {
    const nurse = await api.join('nurse');
    const post = api.postWith(({ auditPut }) => ({
      auditPut: (entry) => ({ ...auditPut(entry), TableName: 'missing' }),
    }));
    const asked: IdentityAsk = { method: 'DELETE', token: nurse.accessToken };
    expectProblem(await post('/sessions', undefined, asked), 'unavailable');
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
  });

  test('is refused when its audit entry is there already', async () => {
    const nurse = await api.join('nurse');
    const post = api.postWith(({ directory }) => ({
      directory: { ...directory, commit: async () => false },
    }));
    const asked: IdentityAsk = { method: 'DELETE', token: nurse.accessToken };
    expectProblem(await post('/sessions', undefined, asked), 'unavailable');
  });

  test('is done though Cognito cannot be reached', async () => {
    const nurse = await api.join('nurse');
    const post = api.postWith(({ accounts }) => ({
      accounts: { ...accounts, signOut: () => Promise.reject(new Error('down')) },
    }));
    const asked: IdentityAsk = { method: 'DELETE', token: nurse.accessToken };
    expect((await post('/sessions', undefined, asked)).status).toBe(204);
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
  });
});

describe('an administrator', () => {
  const endSessions = (person: IdentityPerson, subject: string) =>
    ask(person, 'DELETE', `/users/${subject}/sessions`);

  test('ends every session of a person of the tenant', async () => {
    const nurse = await api.join('nurse');
    const older = await another(nurse, 'nurse');
    const answer = await endSessions(api.admin, nurse.subject);
    expect([answer.status, answer.body]).toEqual([204, {}]);
    await expectEntry(answer, 'TOKEN_REVOKED', {
      actor: api.admin.subject,
      resource: 'Principal',
      resourceId: nurse.subject,
      policy: 'users.endSessions',
      scopes: ['identity/users.endSessions'],
    });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
    expectProblem(await api.post('/auth/refresh', { refreshToken: nurse.refreshToken }), 'unauthenticated');
    const [item] = (await api.cloud.items('sessions')).filter(({ pk }) => pk?.S?.includes(nurse.subject));
    expect(Object.keys(item?.sessions?.M ?? {})).toContain(older);
    expect(Number(item?.generation?.N)).toBe(1);
    expect(await api.isAlive(api.admin.accessToken)).toBe(true);
  });

  test('reaches nobody of another tenant, and nobody who is not there', async () => {
    const adminEmail = newEmail();
    const made = await api.newTenant({
      command: 'create-tenant',
      name: 'Other clinic',
      adminEmail,
      adminTrainedOn: new Date().toISOString().slice(0, 10),
    });
    const foreigner = await api.enrol(adminEmail, made.admin.temporaryPassword);
    for (const subject of [foreigner.subject, randomUUID()]) {
      const answer = await endSessions(api.admin, subject);
      await expectEntry(expectProblem(answer, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT', {
        policy: 'person.tenant',
        tenant: api.tenant,
      });
    }
    expect(await api.isAlive(foreigner.accessToken)).toBe(true);
  });

  test('who has lost the power meanwhile ends nothing', async () => {
    const [nurse, leaver] = [await api.join('nurse'), await api.join('admin')];
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          await api.post(`/users/${leaver.subject}/suspend`, undefined, { token: api.admin.accessToken });
          return directory.commit(items);
        },
      },
    }));
    const answer = await post(`/users/${nurse.subject}/sessions`, undefined, {
      method: 'DELETE',
      token: leaver.accessToken,
    });
    await expectEntry(expectProblem(answer, 'conflict'), 'REQUEST_REJECTED', { policy: 'person.changed' });
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
  });

  test.each(['nurse', 'provider', 'billing', 'compliance'] as const)('is not a %s', async (role) => {
    const [person, victim] = [await api.join(role), await api.join('nurse')];
    const answer = expectProblem(await endSessions(person, victim.subject), 'not-permitted');
    await expectEntry(answer, 'AUTHORIZATION_DENIED', { policy: 'users.endSessions' });
    expect(await api.isAlive(victim.accessToken)).toBe(true);
  });
});

describe('a session used from elsewhere', () => {
  const elsewhere = { sourceAddress: '198.51.100.9', userAgent: 'thief/2.0' };

  test('ends on that very request, and says so in the trail', async () => {
    const nurse = await api.join('nurse');
    const stolen: IdentityAsk = { ...elsewhere, token: nurse.accessToken };
    const answer = await api.post('/sessions/_search', {}, stolen);
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'SECURITY', {
      policy: 'session.anomaly',
      actor: nurse.subject,
      session: sessionOf(nurse),
      sourceAddress: '198.51.100.9',
      userAgent: 'thief/2.0',
    });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
  });

  test('is not continued there, and ends', async () => {
    const nurse = await api.join('nurse');
    const answer = await api.post('/auth/refresh', { refreshToken: nurse.refreshToken }, elsewhere);
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'SECURITY', {
      policy: 'session.anomaly',
      actor: nurse.subject,
      tenant: api.tenant,
      session: sessionOf(nurse),
    });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
  });

  test.each([
    ['another network', { sourceAddress: '198.51.100.9' }],
    ['a newer version of the software', { sourceAddress: '198.51.100.9', userAgent: 'test/1.9.3' }],
    ['another agent in the same network', { sourceAddress: '203.0.113.99', userAgent: 'curl/8.14.1' }],
    ['no agent in the same network', { userAgent: '' }],
  ])('goes on from %s', async (_case, from) => {
    const nurse = await api.join('nurse');
    const answer = await api.post('/sessions/_search', {}, { ...from, token: nurse.accessToken });
    expect(answer.status).toBe(200);
    expect(await isOver(nurse, sessionOf(nurse))).toBe(false);
  });
});

test('a sign-in whose person was suspended meanwhile begins no session and gives no tokens', async () => {
  const email = newEmail();
  const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
  const { challenge, session } = (await api.post('/auth/login', { email, password: body.temporaryPassword }))
    .body;
  const newPassword = `Synthetic-${randomUUID()}-A1!`;
  const setup = (await api.post('/auth/challenge', { challenge, session, newPassword })).body;
  const post = api.postWith(({ tokens }) => ({
    tokens: {
      verify: async (...given) => {
        const verified = await tokens.verify(...given);
        await api.cloud.edit(
          'directory',
          ({ pk }) => pk?.S === `U#${body.id}`,
          (item) => ({ ...item, status: { S: 'suspended' } }),
        );
        return verified;
      },
    },
  }));
  const answer = await post('/auth/challenge', {
    challenge: setup.challenge,
    session: setup.session,
    code: codeOf(setup.secret ?? ''),
  });
  await expectEntry(expectProblem(answer, 'unauthenticated'), 'AUTHENTICATION_FAILURE', {
    policy: 'session.principal',
    actor: body.id,
  });
  expect(answer.body).not.toHaveProperty('accessToken');
});
