import { beforeAll, describe, expect, inject, test } from 'vitest';
import { today } from '../../scripts/local/create-tenant.ts';
import type { Answer } from './client.ts';
import { expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { itemsOf } from './cloud.ts';
import type { Credentials } from './sign-in.ts';
import { signIn } from './sign-in.ts';

const users = '/identity/v1/users';
const aRecord = `/clinical/v1/patients/${'A'.repeat(26)}`;

let clinic: Clinic;
beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
});

const changes = [
  ['PUT', '/role', { role: 'provider' }],
  ['PUT', '/training', { trainedOn: today() }],
  ['POST', '/suspend', undefined],
  ['POST', '/reactivate', undefined],
  ['POST', '/reset-factors', undefined],
  ['DELETE', '', undefined],
  ['GET', '', undefined],
] as const;
const change = (method: string, id: string, part = '', body?: object): Promise<Answer> =>
  clinic.administer({ method, path: `${users}/${id}${part}`, ...(body && { body }) });
const login = ({ email, password }: Credentials): Promise<Answer> =>
  clinic.send({ method: 'POST', path: '/identity/v1/auth/login', body: { email, password } });
const refresh = ({ refreshToken }: Person): Promise<Answer> =>
  clinic.send({ method: 'POST', path: '/identity/v1/auth/refresh', body: { refreshToken } });
const claims = (token: string): Record<string, string> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
const expectRefused = async (token: string): Promise<void> => {
  const answer = expectProblem(await clinic.send({ path: aRecord, token }), 'unauthenticated');
  await clinic.audited(answer, 'AUTHENTICATION_FAILURE');
};
const newUser = async (body: object) => {
  const email = `synthetic-${crypto.randomUUID()}@staff.example`;
  const created = expectStatus(
    await clinic.administer({ method: 'POST', path: users, body: { email, ...body } }),
    201,
  );
  const { id = '', temporaryPassword: password = '' } = created.body as Record<string, string>;
  return { id, email, password };
};

describe('a joiner', () => {
  test('without a training reaches no record until one is recorded, and then without another sign-in', async () => {
    const { id, ...credentials } = await newUser({ role: 'nurse' });
    const joined = await signIn(clinic.send, credentials);
    expect(claims(joined.accessToken).scope).toBe('identity/session');
    // The gateway, the first lock, asks for the scope.
    expectProblem(await clinic.send({ path: aRecord, token: joined.accessToken }), 'unauthenticated');
    expectProblem(await change('PUT', id, '/training', { trainedOn: '2020-01-01' }), 'training-required');
    const recorded = expectStatus(await change('PUT', id, '/training', { trainedOn: today() }), 204);
    expect(await clinic.audited(recorded, 'PRIVILEGE_CHANGE')).toMatchObject({
      operation: 'users.recordTraining',
      resourceId: id,
    });
    const renewed = expectStatus(await refresh(joined as Person), 200);
    const { accessToken: token } = renewed.body as { accessToken: string };
    expectProblem(await clinic.send({ path: aRecord, token }), 'not-found');
  });

  test('is in the list, and is read with the address', async () => {
    const nurse = await clinic.join('nurse');
    const list = await clinic.administer({
      method: 'POST',
      path: `${users}/_search`,
      body: { limit: 100 },
    });
    const { items } = expectStatus(list, 200).body as { items: { id: string }[] };
    expect(items.find(({ id }) => id === nurse.subject)).toEqual({
      id: nurse.subject,
      role: 'nurse',
      status: 'active',
      isEnrolled: true,
      trainedOn: today(),
    });
    await clinic.audited(list, 'DIRECTORY_ACCESS');
    const one = expectStatus(await change('GET', nurse.subject), 200);
    expect(one.body).toMatchObject({ id: nurse.subject, email: nurse.credentials.email });
    expect(await clinic.audited(one, 'DIRECTORY_ACCESS')).toMatchObject({ disclosed: ['email'] });
  });
});

describe('a mover', () => {
  test('has the new role’s scopes after a sign-in, and nothing by the old role’s token', async () => {
    const nurse = await clinic.join('nurse');
    expectProblem(await nurse.send({ path: aRecord }), 'not-found');
    const moved = expectStatus(await change('PUT', nurse.subject, '/role', { role: 'provider' }), 204);
    expect(await clinic.audited(moved, 'PRIVILEGE_CHANGE')).toMatchObject({
      actor: clinic.admin.subject,
      grant: { before: 'nurse.active', after: 'provider.active' },
    });
    await expectRefused(nurse.accessToken);
    expectProblem(await refresh(nurse), 'unauthenticated');
    const { accessToken } = await signIn(clinic.send, nurse.credentials);
    expect(claims(accessToken)).toMatchObject({ sub: nurse.subject, role: 'provider', role_version: '2' });
    expect(claims(accessToken).scope?.split(' ')).toContain('user/Patient.c');
    expect(claims(nurse.accessToken).scope?.split(' ')).not.toContain('user/Patient.c');
  });

  test('needs the training of the new role', async () => {
    const { id } = await newUser({ role: 'compliance' });
    const answer = expectProblem(await change('PUT', id, '/role', { role: 'nurse' }), 'training-required');
    expect(await clinic.audited(answer, 'REQUEST_REJECTED')).toMatchObject({ policy: 'person.training' });
  });
});

describe('a leaver', () => {
  test('who is suspended is out on the next request, and back after a reactivation and a sign-in', async () => {
    const nurse = await clinic.join('nurse');
    expectProblem(await nurse.send({ path: aRecord }), 'not-found');
    expectStatus(await change('POST', nurse.subject, '/suspend'), 204);
    await expectRefused(nurse.accessToken);
    expectProblem(await refresh(nurse), 'unauthenticated');
    expectProblem(await login(nurse.credentials), 'invalid-credentials');
    const back = expectStatus(await change('POST', nurse.subject, '/reactivate'), 204);
    expect(await clinic.audited(back, 'PRIVILEGE_CHANGE')).toMatchObject({
      grant: { before: 'nurse.suspended', after: 'nurse.active' },
    });
    await expectRefused(nurse.accessToken);
    const { accessToken: token } = await signIn(clinic.send, nurse.credentials);
    expectProblem(await clinic.send({ path: aRecord, token }), 'not-found');
  });

  test('who is removed never comes back, and the id is nobody else’s', async () => {
    const nurse = await clinic.join('nurse');
    expectStatus(await change('DELETE', nurse.subject), 204);
    await expectRefused(nurse.accessToken);
    expectProblem(await login(nurse.credentials), 'invalid-credentials');
    expectProblem(await change('POST', nurse.subject, '/reactivate'), 'conflict');
    expectStatus(await change('DELETE', nurse.subject), 204);
    const directory = output(clinic.runtime, 'data', 'DirectoryTable');
    const kept = await itemsOf(clinic.cloud, directory, `U#${nurse.subject}`);
    expect(kept.map(({ sk, status }) => [sk?.S, status?.S])).toEqual([['PRINCIPAL', 'removed']]);
    const { email } = nurse.credentials;
    const body = { email, role: 'nurse', trainedOn: today() };
    const anew = expectStatus(await clinic.administer({ method: 'POST', path: users, body }), 201);
    expect(anew.body.id).not.toBe(nurse.subject);
  });
});

test('whose factors are reset enrols new ones, after the temporary password that is handed over', async () => {
  const nurse = await clinic.join('nurse');
  const reset = expectStatus(await change('POST', nurse.subject, '/reset-factors'), 200);
  await clinic.audited(reset, 'PRIVILEGE_CHANGE');
  await expectRefused(nurse.accessToken);
  expectProblem(await login(nurse.credentials), 'invalid-credentials');
  const { email } = nurse.credentials;
  const { temporaryPassword: password } = reset.body as { temporaryPassword: string };
  expect((await login({ email, password })).body.challenge).toBe('NEW_PASSWORD_REQUIRED');
  const enrolled = await signIn(clinic.send, { email, password });
  expect(enrolled.credentials.totpSecret).not.toBe(nurse.credentials.totpSecret);
  expectProblem(await clinic.send({ path: aRecord, token: enrolled.accessToken }), 'not-found');
});

describe('nobody', () => {
  test('changes or reads anybody of another tenant, or can tell that they are there', async () => {
    const elsewhere = await openClinic(inject('runtime'));
    const nurse = await elsewhere.join('nurse');
    for (const id of [nurse.subject, crypto.randomUUID()])
      for (const [method, part, body] of changes) {
        const answer = expectProblem(await change(method, id, part, body), 'not-found');
        await clinic.audited(answer, 'UNAUTHORIZED_ACCESS_ATTEMPT');
      }
    expectProblem(await nurse.send({ path: aRecord }), 'not-found');
  });

  test('changes their own grant, and so the last administrator stays', async () => {
    for (const [method, part, body] of changes) {
      if (method === 'GET') continue;
      const answer = expectProblem(await change(method, clinic.admin.subject, part, body), 'not-permitted');
      expect(await clinic.audited(answer, 'AUTHORIZATION_DENIED')).toMatchObject({ policy: 'grant.own' });
    }
    expectStatus(await change('GET', clinic.admin.subject), 200);
  });

  test('but an administrator changes anybody', async () => {
    const [nurse, colleague] = [await clinic.join('nurse'), await clinic.join('nurse')];
    for (const [method, part, body] of changes)
      expectProblem(
        await colleague.send({ method, path: `${users}/${nurse.subject}${part}`, ...(body && { body }) }),
        'unauthenticated',
      );
    expectProblem(await nurse.send({ path: aRecord }), 'not-found');
  });
});
