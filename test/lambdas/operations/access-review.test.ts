import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newReview } from '../../../lambdas/domain/access-review.ts';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { newPatientId } from '../../../lambdas/domain/identifiers.ts';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';
import { type ReviewAccessPorts, reviewAccess } from '../../../lambdas/operations/review-access.ts';
import { auditLog, auditPut } from '../../../lambdas/ports/audit-log.ts';
import { sessionStore } from '../../../lambdas/ports/session-store.ts';
import { today } from '../../../scripts/local/create-tenant.ts';
import {
  type IdentityAnswer,
  type IdentityApi,
  type IdentityPerson,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';

interface Grant {
  readonly subject: string;
  readonly decision: string;
}

let api: IdentityApi;
beforeAll(async () => {
  api = await startIdentityApi();
});
afterAll(() => api.stop());

/** A tenant of a test's own: whose review is open concerns no other test. */
const open = async () => {
  const adminEmail = newEmail();
  const wanted = { command: 'create-tenant', name: 'Clinic', adminEmail, adminTrainedOn: today() };
  const { tenant, admin: made } = await api.newTenant(wanted);
  const admin = await api.enrol(adminEmail, made.temporaryPassword);
  const join = async (role: string): Promise<IdentityPerson> => {
    const email = newEmail();
    const more = role === 'patient' ? { patient: newPatientId() } : { trainedOn: today() };
    const { body } = await api.post('/users', { email, role, ...more }, { token: admin.accessToken });
    return api.enrol(email, body.temporaryPassword ?? '');
  };
  return { tenant, admin, join };
};
const post = (path: string, { accessToken: token }: IdentityPerson, body?: object, send = api.post) =>
  send(path, body, { token });
const start = (by: IdentityPerson, send = api.post) => post('/reviews', by, undefined, send);
const decide = (by: IdentityPerson, review: string, subject: string, decision = 'attest', send = api.post) =>
  post(`/reviews/${review}/decisions`, by, { subject, decision }, send);
const read = async (by: IdentityPerson, review: string) => {
  const answer = await api.post(`/reviews/${review}`, undefined, { method: 'GET', token: by.accessToken });
  return answer.body as unknown as { status: string; grants: Record<string, number>; code?: string };
};
const grants = async (by: IdentityPerson, review: string): Promise<readonly Grant[]> => {
  const { body } = await post(`/reviews/${review}/_search`, by, { limit: 100 });
  return (body as unknown as { items: Grant[] }).items;
};
const known = (subject: string) => api.ports.directory.principal(subject);
const entriesOf = async (tenant: string, operation: string): Promise<AuditEntry[]> =>
  (await api.entries()).filter((entry) => entry.tenant === tenant && entry.operation === operation);
const expectEntry = async ({ headers }: IdentityAnswer, entry: object) =>
  expect(await api.entries(headers['x-request-id'])).toMatchObject([entry]);
const down = () => Promise.reject(Object.assign(new Error('down'), { $metadata: {} }));

const aDay = 86_400_000;
const daysOn = (days: number) => new Date(Date.now() + days * aDay);
const run = (clock: Date, change: Partial<ReviewAccessPorts> = {}, remaining = 900_000) => {
  const { dynamodb } = api.cloud.root;
  const clientFor = () => dynamodb;
  const { directory, reviews } = api.ports;
  return reviewAccess({
    directory,
    reviews,
    sessions: sessionStore({ table: 'sessions', clientFor, limitsOf: sessionLimits(), directory }),
    auditLog: auditLog({ table: 'audit', clientFor }),
    auditPut: (entry) => auditPut('audit', entry),
    log: { request() {}, failure() {}, warn() {} },
    clock: () => clock,
    ...change,
  })({}, { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => remaining } as Context);
};

describe('a review', () => {
  test('lists every grant but patients’, lets each expire, and says so in the trail', async () => {
    const { tenant, admin, join } = await open();
    const [nurse, patient] = [await join('nurse'), await join('patient')];
    const machine = randomUUID();
    const principal = { subject: machine, tenant, role: 'system', roleVersion: 1, status: 'active' } as const;
    const { directory } = api.ports;
    await directory.commit(directory.principalPuts(principal, { at: new Date() }));
    const answer = await start(admin);
    expect(answer.status).toBe(201);
    const { id: review = '', deadline } = answer.body;
    expect(await grants(admin, review)).toEqual(
      [
        { subject: admin.subject, role: 'admin', now: 'admin.active', decision: 'pending' },
        { subject: nurse.subject, role: 'nurse', now: 'nurse.active', decision: 'pending' },
        { subject: machine, role: 'system', now: 'system.active', decision: 'pending' },
      ].sort((one, other) => (one.subject < other.subject ? -1 : 1)),
    );
    for (const subject of [admin.subject, nurse.subject, machine])
      expect((await known(subject))?.grantExpiresAt).toBe(deadline);
    expect((await known(patient.subject))?.grantExpiresAt).toBeUndefined();
    await expectEntry(answer, {
      type: 'ACCESS_REVIEW',
      actor: admin.subject,
      resource: 'AccessReview',
      resourceId: review,
    });
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
    expect(await read(admin, review)).toMatchObject({
      status: 'open',
      grants: { pending: 3, attested: 0, revoked: 0, expired: 0, superseded: 0 },
    });
  });

  test('is the only open one, and is listed with those before it', async () => {
    const { tenant, admin } = await open();
    const first = await start(admin);
    const again = await start(admin);
    expect(again.body.code).toBe('conflict');
    await expectEntry(again, { outcome: 'refused', policy: 'review.open' });
    const { reviews, directory } = api.ports;
    const review = await reviews.read(tenant, first.body.id ?? '');
    if (review) await directory.commit(reviews.closeUpdates(review));
    const second = await start(admin);
    const listed = async (body: object) =>
      (await post('/reviews/_search', admin, body)).body as unknown as {
        items: { id: string; status: string }[];
        cursor?: string;
      };
    const { items, cursor } = await listed({ limit: 1 });
    expect(items).toMatchObject([{ id: second.body.id, status: 'open' }]);
    expect((await listed({ cursor })).items).toMatchObject([{ id: first.body.id, status: 'closed' }]);
  });

  test('that broke off goes on where it was, and what was decided stays', async () => {
    const { admin, join } = await open();
    const [nurse, officer] = [await join('nurse'), await join('compliance')];
    const failing = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: (items) => (JSON.stringify(items).includes(nurse.subject) ? down() : directory.commit(items)),
      },
    }));
    expect((await start(admin, failing)).body.code).toBe('unavailable');
    const { body } = await post('/reviews/_search', admin, {});
    const [review] = (body as unknown as { items: { id: string }[] }).items;
    expect((await decide(officer, review?.id ?? '', admin.subject)).status).toBe(204);
    const again = await start(admin);
    expect(again.body).toMatchObject({ id: review?.id });
    await expectEntry(again, { type: 'ACCESS_REVIEW', status: 201, resourceId: review?.id });
    expect(await read(admin, review?.id ?? '')).toMatchObject({ grants: { pending: 2, attested: 1 } });
    expect((await known(nurse.subject))?.grantExpiresAt).toBeDefined();
    expect((await known(admin.subject))?.grantExpiresAt).toBeUndefined();
  });

  test('is not started by whoever has lost the power meanwhile, nor without the audit entry', async () => {
    const { tenant, admin, join } = await open();
    const officer = await join('compliance');
    const racing = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          const path = `/users/${officer.subject}/suspend`;
          await api.post(path, undefined, { token: admin.accessToken });
          return directory.commit(items);
        },
      },
    }));
    expect((await start(officer, racing)).body.code).toBe('conflict');
    const missing = api.postWith(({ auditPut: put }) => ({
      auditPut: (entry) => ({ ...put(entry), TableName: 'missing' }),
    }));
    expect((await start(admin, missing)).body.code).toBe('unavailable');
    expect(await api.ports.reviews.open(tenant)).toBeUndefined();
    expect((await known(admin.subject))?.grantExpiresAt).toBeUndefined();
  });

  test('is no affair of those who treat, nor of another tenant', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    expect((await start(nurse)).body.code).toBe('not-permitted');
    for (const answer of [
      await post(`/reviews/${review}/_search`, api.admin, {}),
      await decide(api.admin, review, nurse.subject),
      await decide(api.admin, review, nurse.subject, 'revoke'),
    ])
      expect(answer.body).toMatchObject({ code: 'not-found', status: 404 });
    expect((await read(api.admin, review)).code).toBe('not-found');
    expect(await known(nurse.subject)).toMatchObject({ status: 'active' });
  });
});

describe('a grant', () => {
  test('that is attested does not expire', async () => {
    const { tenant, admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    const answer = await decide(admin, review, nurse.subject);
    expect(answer.status).toBe(204);
    await expectEntry(answer, {
      type: 'ACCESS_REVIEW',
      actor: admin.subject,
      resourceId: nurse.subject,
      grant: { before: 'nurse.active', after: 'nurse.active' },
      alongside: [{ resource: 'AccessReview', id: review }],
    });
    expect((await known(nurse.subject))?.grantExpiresAt).toBeUndefined();
    const decided = (await grants(admin, review)).find(({ subject }) => subject === nurse.subject);
    expect(decided).toMatchObject({ decision: 'attested', decidedBy: admin.subject });
    const again = await decide(admin, review, nurse.subject, 'revoke');
    expect(again.body.code).toBe('conflict');
    await expectEntry(again, { outcome: 'refused', policy: 'review.decided' });
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
    expect(await entriesOf(tenant, 'reviews.decide')).toHaveLength(2);
  });

  test('that is revoked is gone at once', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    const answer = await decide(admin, review, nurse.subject, 'revoke');
    expect(answer.status).toBe(204);
    await expectEntry(answer, {
      type: 'PRIVILEGE_CHANGE',
      grant: { before: 'nurse.active', after: 'nurse.suspended' },
    });
    expect(await known(nurse.subject)).toMatchObject({ status: 'suspended', roleVersion: 2 });
    expect(await api.isAlive(nurse.accessToken)).toBe(false);
    const { email, password } = nurse;
    expect((await api.post('/auth/login', { email, password })).body.code).toBe('invalid-credentials');
    expect(await read(admin, review)).toMatchObject({ grants: { revoked: 1, pending: 1 } });
  });

  test('of a machine can be revoked too', async () => {
    const { tenant, admin } = await open();
    const { directory } = api.ports;
    const subject = 'machine00000001';
    const machine = { subject, tenant, role: 'system', roleVersion: 1, status: 'active' } as const;
    await directory.commit(directory.principalPuts(machine, { at: new Date() }));
    const { id: review = '' } = (await start(admin)).body;
    expect((await decide(admin, review, subject, 'revoke')).status).toBe(204);
    expect(await known(subject)).toMatchObject({ status: 'suspended' });
  });

  test.each(['attest', 'revoke'])('of one’s own is not one’s own to %s', async (decision) => {
    const { admin } = await open();
    const { id: review = '' } = (await start(admin)).body;
    const answer = await decide(admin, review, admin.subject, decision);
    expect(answer.body.code).toBe('not-permitted');
    await expectEntry(answer, { policy: 'grant.own' });
    expect(await read(admin, review)).toMatchObject({ grants: { pending: 1 } });
  });

  test('of the last administrator is not revoked', async () => {
    const { admin, join } = await open();
    const officer = await join('compliance');
    const { id: review = '' } = (await start(officer)).body;
    const answer = await decide(officer, review, admin.subject, 'revoke');
    expect(answer.body.code).toBe('conflict');
    await expectEntry(answer, { policy: 'admin.last' });
    expect(await known(admin.subject)).toMatchObject({ status: 'active' });
    const another = await join('admin');
    expect((await decide(officer, review, admin.subject, 'revoke')).status).toBe(204);
    expect(await known(admin.subject)).toMatchObject({ status: 'suspended' });
    expect(await known(another.subject)).toMatchObject({ status: 'active' });
  });

  test('of the last administrator is not revoked when the other one goes at the same time', async () => {
    const { admin, join } = await open();
    const [another, officer] = [await join('admin'), await join('compliance')];
    const { id: review = '' } = (await start(officer)).body;
    const racing = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          const path = `/users/${another.subject}/suspend`;
          await api.post(path, undefined, { token: admin.accessToken });
          return directory.commit(items);
        },
      },
    }));
    const answer = await decide(officer, review, admin.subject, 'revoke', racing);
    expect(answer.body.code).toBe('conflict');
    expect(await known(admin.subject)).toMatchObject({ status: 'active' });
    expect(await known(another.subject)).toMatchObject({ status: 'suspended' });
  });

  test.each([
    ['attest', 'nurse'],
    ['revoke', 'nurse'],
    ['revoke', 'admin'],
  ] as const)('is nobody’s to %s who has lost the power meanwhile: of a %s', async (decision, role) => {
    const { admin, join } = await open();
    const [officer, person] = [await join('compliance'), await join(role)];
    const { id: review = '' } = (await start(admin)).body;
    const racing = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          const path = `/users/${officer.subject}/suspend`;
          await api.post(path, undefined, { token: admin.accessToken });
          return directory.commit(items);
        },
      },
    }));
    const answer = await decide(officer, review, person.subject, decision, racing);
    expect(answer.body.code).toBe('conflict');
    await expectEntry(answer, { outcome: 'refused', policy: 'grant.changed' });
    expect(await read(admin, review)).toMatchObject({ grants: { attested: 0, revoked: 0 } });
    expect(await known(person.subject)).toMatchObject({ status: 'active' });
  });

  test('of someone else’s tenant is not found, also where a review lists it', async () => {
    const { tenant, admin } = await open();
    const { id: review = '' } = (await start(admin)).body;
    const { directory, reviews } = api.ports;
    const read = await reviews.read(tenant, review);
    const { subject } = api.admin;
    if (read) await directory.commit([reviews.grantPut(read, { subject, role: 'admin', status: 'active' })]);
    const answer = await decide(admin, review, subject, 'revoke');
    expect(answer.body.code).toBe('not-found');
    await expectEntry(answer, { policy: 'review.grant' });
    expect(await known(subject)).toMatchObject({ status: 'active' });
  });

  test('that is another one by now is listed and attested as what it is', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    const { accessToken: token } = admin;
    await api.post(`/users/${nurse.subject}/role`, { role: 'provider' }, { method: 'PUT', token });
    const [listed] = (await grants(admin, review)).filter(({ subject }) => subject === nurse.subject);
    expect(listed).toMatchObject({ role: 'nurse', now: 'provider.active', decision: 'pending' });
    await expectEntry(await decide(admin, review, nurse.subject), {
      grant: { before: 'provider.active', after: 'provider.active' },
    });
    expect((await known(nurse.subject))?.grantExpiresAt).toBeUndefined();
  });

  test('that was taken away meanwhile is not attested, and one that is not in the review not found', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    await api.post(`/users/${nurse.subject}/suspend`, undefined, { token: admin.accessToken });
    const answer = await decide(admin, review, nurse.subject);
    expect(answer.body.code).toBe('conflict');
    await expectEntry(answer, { policy: 'grant.changed' });
    expect((await decide(admin, review, nurse.subject, 'revoke')).status).toBe(204);
    const late = await join('nurse');
    expect((await decide(admin, review, late.subject)).body.code).toBe('not-found');
    expect((await decide(admin, review, randomUUID())).body.code).toBe('not-found');
  });

  test('is not decided about without the audit entry', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    const send = api.postWith(({ auditPut: put }) => ({
      auditPut: (entry) => ({ ...put(entry), TableName: 'missing' }),
    }));
    for (const decision of ['attest', 'revoke'])
      expect((await decide(admin, review, nurse.subject, decision, send)).body.code).toBe('unavailable');
    expect(await read(admin, review)).toMatchObject({ grants: { pending: 2 } });
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
  });

  test('is not decided about in a review that is closed', async () => {
    const { tenant, admin, join } = await open();
    const nurse = await join('nurse');
    const { id: review = '' } = (await start(admin)).body;
    const { directory, reviews } = api.ports;
    const closed = await reviews.read(tenant, review);
    if (closed) await directory.commit(reviews.closeUpdates(closed));
    const answer = await decide(admin, review, nurse.subject, 'revoke');
    await expectEntry(answer, { outcome: 'refused', policy: 'review.over' });
    expect(await known(nurse.subject)).toMatchObject({ status: 'active' });
  });

  test('is not decided about after the deadline', async () => {
    const { tenant, admin, join } = await open();
    const nurse = await join('nurse');
    const { directory, reviews } = api.ports;
    const over = newReview(tenant, daysOn(-30));
    await directory.commit([
      ...reviews.startPuts(over),
      reviews.grantPut(over, { subject: nurse.subject, role: 'nurse', status: 'active' }),
      directory.expiryUpdate(
        { subject: nurse.subject, role: 'nurse', status: 'active', tenant },
        over.deadline,
      ),
    ]);
    const answer = await decide(admin, over.review, nurse.subject);
    expect(answer.body.code).toBe('conflict');
    await expectEntry(answer, { policy: 'review.over' });
    expect(await grants(admin, over.review)).toMatchObject([{ decision: 'pending' }]);
  });
});

describe('every day', () => {
  test('who was not attested in time is suspended, each with an entry, and the review is closed', async () => {
    const { tenant, admin, join } = await open();
    const [nurse, provider, leaver] = [await join('nurse'), await join('provider'), await join('billing')];
    const { id: review = '' } = (await start(admin)).body;
    await decide(admin, review, nurse.subject);
    const { accessToken: token } = admin;
    await api.post(`/users/${leaver.subject}`, undefined, { method: 'DELETE', token });
    await run(daysOn(29.99));
    expect(await known(provider.subject)).toMatchObject({ status: 'active' });
    const { directory } = api.ports;
    // What is decided is not looked at again.
    const principal = (subject: string) =>
      subject === nurse.subject ? down() : directory.principal(subject);
    await run(daysOn(30.01), { directory: { ...directory, principal } });
    expect(await known(provider.subject)).toMatchObject({ status: 'suspended', roleVersion: 2 });
    expect(await known(admin.subject)).toMatchObject({ status: 'suspended' });
    expect(await known(nurse.subject)).toMatchObject({ status: 'active' });
    expect(await known(leaver.subject)).toMatchObject({ status: 'removed' });
    expect(await api.isAlive(provider.accessToken)).toBe(false);
    expect(await api.isAlive(nurse.accessToken)).toBe(true);
    const expired = await entriesOf(tenant, 'reviews.expire');
    expect(expired.map(({ resourceId }) => resourceId).sort()).toEqual(
      [provider.subject, admin.subject].sort(),
    );
    expect(expired.find(({ resourceId }) => resourceId === provider.subject)).toMatchObject({
      type: 'PRIVILEGE_CHANGE',
      outcome: 'success',
      policy: 'reviews.expire',
      grant: { before: 'provider.active', after: 'provider.suspended' },
      alongside: [{ id: review }],
    });
    expect(await entriesOf(tenant, 'reviews.close')).toMatchObject([{ resourceId: review }]);
    const closed = await api.ports.reviews.read(tenant, review);
    expect(closed?.status).toBe('closed');
    expect(closed && (await api.ports.reviews.tally(closed))).toEqual({
      pending: 0,
      attested: 1,
      revoked: 0,
      expired: 2,
      superseded: 1,
    });
    await run(daysOn(31));
    expect(await entriesOf(tenant, 'reviews.expire')).toHaveLength(2);
  });

  test('a tenant’s access is reviewed again when a quarter has passed', async () => {
    const { tenant, admin, join } = await open();
    const nurse = await join('nurse');
    await run(daysOn(89.9));
    expect(await api.ports.reviews.open(tenant)).toBeUndefined();
    await run(daysOn(90.1));
    const first = await api.ports.reviews.open(tenant);
    expect(first).toMatchObject({ status: 'open', tenant });
    expect(first).not.toHaveProperty('startedBy');
    expect((await known(nurse.subject))?.grantExpiresAt).toBe(first?.deadline);
    expect(await entriesOf(tenant, 'reviews.startDue')).toMatchObject([
      { type: 'ACCESS_REVIEW', resourceId: first?.review },
    ]);
    await run(daysOn(91));
    expect((await api.ports.reviews.open(tenant))?.review).toBe(first?.review);
    await run(daysOn(121));
    expect(await api.ports.reviews.open(tenant)).toBeUndefined();
    await run(daysOn(179));
    expect(await api.ports.reviews.open(tenant)).toBeUndefined();
    await run(daysOn(181));
    expect((await api.ports.reviews.open(tenant))?.review).not.toBe(first?.review);
    expect(await known(admin.subject)).toMatchObject({ status: 'suspended' });
  });

  test('a review that lists every grant stays as it is: who joins later is not in it', async () => {
    const { admin, join } = await open();
    const { id: review = '' } = (await start(admin)).body;
    const late = await join('nurse');
    await run(daysOn(1));
    expect((await grants(admin, review)).map(({ subject }) => subject)).toEqual([admin.subject]);
    expect(await known(late.subject)).not.toHaveProperty('grantExpiresAt');
  });

  test('no review begins in a tenant that is suspended', async () => {
    const { tenant } = await open();
    await api.cloud.edit(
      'directory',
      ({ pk, sk }) => pk?.S === `T#${tenant}#` && sk?.S === 'TENANT',
      (item) => ({ ...item, status: { S: 'suspended' } }),
    );
    await run(daysOn(91));
    expect(await api.ports.reviews.open(tenant)).toBeUndefined();
  });

  test('a review that broke off is completed', async () => {
    const { tenant, admin, join } = await open();
    const nurse = await join('nurse');
    const { directory, reviews } = api.ports;
    const review = newReview(tenant, new Date());
    await directory.commit(reviews.startPuts(review));
    await run(daysOn(0));
    expect((await reviews.open(tenant))?.listedAt).toBeDefined();
    for (const { subject } of [admin, nurse])
      expect((await known(subject))?.grantExpiresAt).toBe(review.deadline);
  });

  test('what fails of one tenant is left for the next day, with an entry, and keeps no other from being done', async () => {
    const [first, second] = [await open(), await open()];
    const people = [await first.join('nurse'), await second.join('nurse')];
    for (const { admin } of [first, second]) await start(admin);
    const { directory } = api.ports;
    const failing = {
      ...directory,
      commit: (items: Parameters<typeof directory.commit>[0]) =>
        JSON.stringify(items).includes(`"T#${first.tenant}#U#`) ? down() : directory.commit(items),
    };
    const logged: object[] = [];
    const log = { request() {}, failure: (line: object) => logged.push(line), warn() {} };
    await expect(run(daysOn(31), { directory: failing, log })).rejects.toThrow('1 tenants');
    expect(logged).toContainEqual({
      requestId: expect.stringMatching(/-\d+$/),
      operation: 'reviews.expire',
      code: 'unavailable',
      error: 'Error',
      at: expect.arrayContaining([expect.stringContaining('access-review.test.ts')]),
    });
    const statuses = async () =>
      Promise.all(people.map(async ({ subject }) => (await known(subject))?.status));
    expect(await statuses()).toEqual(['active', 'suspended']);
    const [failure] = await entriesOf(first.tenant, 'reviews.expire');
    expect(failure).toMatchObject({ outcome: 'failure', problem: 'unavailable' });
    expect(failure).not.toHaveProperty('grant');
    expect((await api.ports.reviews.open(first.tenant))?.status).toBe('open');
    await run(daysOn(31));
    expect(await statuses()).toEqual(['suspended', 'suspended']);
    expect(await api.ports.reviews.open(first.tenant)).toBeUndefined();
  });

  test('what fails of one person keeps nobody else’s grant, and is done the next day', async () => {
    const { tenant, admin, join } = await open();
    const people = [await join('nurse'), await join('nurse'), await join('nurse')];
    await start(admin);
    const { directory } = api.ports;
    const [first] = people.map(({ subject }) => subject).sort();
    const failing = {
      ...directory,
      principal: (subject: string) => (subject === first ? down() : directory.principal(subject)),
    };
    const logged: object[] = [];
    const log = { request() {}, failure: (line: object) => logged.push(line), warn() {} };
    await expect(run(daysOn(31), { directory: failing, log })).rejects.toThrow('1 tenants');
    const statuses = async () =>
      (await Promise.all(people.map(({ subject }) => known(subject)))).map((person) => person?.status).sort();
    expect(await statuses()).toEqual(['active', 'suspended', 'suspended']);
    expect(logged).toContainEqual(expect.objectContaining({ operation: 'reviews.expire', error: 'Error' }));
    expect((await api.ports.reviews.open(tenant))?.status).toBe('open');
    await run(daysOn(31));
    expect(await statuses()).toEqual(['suspended', 'suspended', 'suspended']);
    expect(await api.ports.reviews.open(tenant)).toBeUndefined();
  });

  test('nobody is suspended without an audit entry', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    await start(admin);
    const missing = {
      auditPut: (entry: AuditEntry) => ({ ...auditPut('audit', entry), TableName: 'missing' }),
    };
    await expect(run(daysOn(31), missing)).rejects.toThrow();
    expect(await known(nurse.subject)).toMatchObject({ status: 'active' });
  });

  test('no tenant is begun when the time is nearly up', async () => {
    const { admin, join } = await open();
    const nurse = await join('nurse');
    await start(admin);
    await expect(run(daysOn(31), {}, 59_999)).rejects.toThrow('tenants could not be reviewed');
    expect(await known(nurse.subject)).toMatchObject({ status: 'active' });
  });
});
