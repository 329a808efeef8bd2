import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { refreshGrace } from '../../lambdas/ports/sign-in-store.ts';
import type { Answer } from './client.ts';
import { expectProblem, expectStatus, missingSecurityHeaders } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { itemsOf } from './cloud.ts';
import { rolesOf, whileDenied } from './faults.ts';
import { oneTimeCode } from './one-time-code.ts';
import { signIn } from './sign-in.ts';

const auth = '/identity/v1/auth';
const users = '/identity/v1/users';
const aRecord = `/clinical/v1/patients/${'A'.repeat(26)}`;
const newEmail = (): string => `synthetic-${crypto.randomUUID()}@staff.example`;

let clinic: Clinic;
beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
});

const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  clinic.send({ method: 'POST', path, body, headers });
const login = (email: string, password: string): Promise<Answer> =>
  post(`${auth}/login`, { email, password });
const refresh = (refreshToken: string, agent = 'test/1.0'): Promise<Answer> =>
  post(`${auth}/refresh`, { refreshToken }, { 'user-agent': agent });
const logout = ({ accessToken }: { readonly accessToken: string }): Promise<Answer> =>
  clinic.send({ method: 'POST', path: `${auth}/logout`, token: accessToken });
const isAlive = async (token: string): Promise<boolean> => {
  const answer = await clinic.send({ path: aRecord, token });
  if (answer.status === 404) return true;
  expectProblem(answer, 'unauthenticated');
  return false;
};
const again = ({ credentials }: Person) => signIn(clinic.send, credentials);

describe('a sign-in', () => {
  test('is refused alike whether the account is there or not', async () => {
    const { credentials } = await clinic.join('nurse');
    const [known, unknown] = [
      await login(credentials.email, 'Wrong-password-1!'),
      await login(newEmail(), 'Wrong-password-1!'),
    ];
    for (const answer of [known, unknown]) {
      await clinic.audited(expectProblem(answer, 'invalid-credentials'), 'AUTHENTICATION_FAILURE');
      expect(missingSecurityHeaders(answer)).toEqual([]);
    }
    const shape = ({ headers }: Answer) => Object.keys(headers).sort();
    expect(shape(known)).toEqual(shape(unknown));
  });

  test.each([
    ['known', async () => (await clinic.join('nurse')).credentials.email],
    ['unknown', async () => newEmail()],
  ])(
    'of a %s account is refused for 15 minutes after five wrong passwords, and only of that account',
    async (_, account) => {
      const email = await account();
      for (let count = 0; count < 5; count += 1)
        expectProblem(await login(email, 'Wrong-password-1!'), 'invalid-credentials');
      const answer = expectProblem(
        await login(email.toUpperCase().replace('SYNTHETIC', 'synthetic'), 'Wrong-password-1!'),
        'rate-limited',
      );
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(800);
      await clinic.audited(answer, 'RATE_LIMIT_EXCEEDED');
      expectProblem(await login(newEmail(), 'Wrong-password-1!'), 'invalid-credentials');
    },
  );

  test('is refused after five wrong codes, though the password is right each time', async () => {
    const { credentials } = await clinic.join('nurse');
    for (let count = 0; count < 5; count += 1) {
      const { body } = expectStatus(await login(credentials.email, credentials.password), 200);
      const { challenge, session } = body;
      expectProblem(
        await post(`${auth}/challenge`, { challenge, session, code: '000000' }),
        'invalid-challenge',
      );
    }
    expectProblem(await login(credentials.email, credentials.password), 'rate-limited');
  });

  test('lets a challenge be answered once, right or wrong', async () => {
    const { credentials } = await clinic.join('nurse');
    const { body } = expectStatus(await login(credentials.email, credentials.password), 200);
    const { challenge, session } = body;
    expectProblem(
      await post(`${auth}/challenge`, { challenge, session, code: '000000' }),
      'invalid-challenge',
    );
    const code = await oneTimeCode(credentials.totpSecret);
    const second = expectProblem(
      await post(`${auth}/challenge`, { challenge, session, code }),
      'invalid-challenge',
    );
    await clinic.audited(second, 'AUTHENTICATION_FAILURE');
  });

  test('takes no other answer than the one it asked for', async () => {
    const { credentials } = await clinic.join('nurse');
    const { body } = expectStatus(await login(credentials.email, credentials.password), 200);
    const { session } = body;
    const other = await post(`${auth}/challenge`, {
      challenge: 'NEW_PASSWORD_REQUIRED',
      session,
      newPassword: `Synthetic-${crypto.randomUUID()}-A1!`,
    });
    expectProblem(other, 'invalid-challenge');
  });

  test('keeps no password that the policy refuses', async () => {
    const email = newEmail();
    const created = expectStatus(
      await clinic.administer({ method: 'POST', path: users, body: { email, role: 'nurse' } }),
      201,
    );
    const { body } = expectStatus(await login(email, String(created.body.temporaryPassword)), 200);
    const { challenge, session } = body;
    expectProblem(
      await post(`${auth}/challenge`, { challenge, session, newPassword: 'short' }),
      'weak-password',
    );
  });

  test('of a suspended person is refused like a wrong password', async () => {
    const { credentials, subject } = await clinic.join('nurse');
    const suspension = { method: 'POST', path: `${users}/${subject}/suspend` };
    expectStatus(await clinic.administer(suspension), 204);
    expectProblem(await login(credentials.email, credentials.password), 'invalid-credentials');
  });
});

describe('a refresh handle', () => {
  test('is replaced at each use, and continues the same session', async () => {
    const person = await clinic.join('provider');
    const first = expectStatus(await refresh(person.refreshToken), 200);
    expect(Object.keys(first.body).sort()).toEqual([
      'accessToken',
      'expiresIn',
      'refreshToken',
      'scope',
      'tokenType',
    ]);
    expect(first.body.refreshToken).not.toBe(person.refreshToken);
    const entry = await clinic.audited(first, 'TOKEN_REFRESHED');
    expect(entry).toMatchObject({ actor: person.subject, tenant: clinic.tenant, role: 'provider' });
    expect(await isAlive(String(first.body.accessToken))).toBe(true);
    const second = expectStatus(await refresh(String(first.body.refreshToken)), 200);
    expect(await isAlive(String(second.body.accessToken))).toBe(true);
    expect(await isAlive(person.accessToken)).toBe(true);
  });

  test('gives the same successor to a retry by the same client', async () => {
    const person = await clinic.join('provider');
    const [first, retry] = [await refresh(person.refreshToken), await refresh(person.refreshToken)];
    expect(expectStatus(retry, 200).body.refreshToken).toBe(expectStatus(first, 200).body.refreshToken);
    expect(expectStatus(await refresh(String(retry.body.refreshToken)), 200).status).toBe(200);
  });

  test('ends the session when another client uses it again', async () => {
    const person = await clinic.join('provider');
    const first = expectStatus(await refresh(person.refreshToken), 200);
    const stolen = expectProblem(await refresh(person.refreshToken, 'thief/2.0'), 'unauthenticated');
    await clinic.audited(stolen, 'TOKEN_REVOKED');
    expect(await isAlive(person.accessToken)).toBe(false);
    expect(await isAlive(String(first.body.accessToken))).toBe(false);
    expectProblem(await refresh(String(first.body.refreshToken)), 'unauthenticated');
  });

  test('ends the session when it comes back after its successor was used', async () => {
    const person = await clinic.join('provider');
    const first = expectStatus(await refresh(person.refreshToken), 200);
    expectStatus(await refresh(String(first.body.refreshToken)), 200);
    expectProblem(await refresh(person.refreshToken), 'unauthenticated');
    expect(await isAlive(person.accessToken)).toBe(false);
  });

  test('ends the session when it comes back from the same client after the grace', async () => {
    const person = await clinic.join('provider');
    const first = expectStatus(await refresh(person.refreshToken), 200);
    await sleep((refreshGrace + 1) * 1000);
    expect(await isAlive(String(first.body.accessToken))).toBe(true);
    const late = expectProblem(await refresh(person.refreshToken), 'unauthenticated');
    expect(await clinic.audited(late, 'TOKEN_REVOKED')).toMatchObject({
      actor: person.subject,
      tenant: clinic.tenant,
      policy: 'refresh.reuse',
    });
    for (const token of [person.accessToken, String(first.body.accessToken)])
      expect(await isAlive(token)).toBe(false);
    expectProblem(await refresh(String(first.body.refreshToken)), 'unauthenticated');
    const entered = await again(person);
    expect(await isAlive(entered.accessToken)).toBe(true);
  });

  test('stays good when a service failed', async () => {
    const person = await clinic.join('provider');
    const { own } = await rolesOf(clinic.cloud, output(clinic.runtime, 'identity-api', 'FunctionName'));
    await whileDenied(clinic.cloud, [own], ['kms:Decrypt'], ['*'], async () => {
      const failed = expectProblem(await refresh(person.refreshToken, 'one/1.0'), 'unavailable');
      await clinic.audited(failed, 'SERVICE_FAILURE');
    });
    expectStatus(await refresh(person.refreshToken, 'another/1.0'), 200);
    expect(await isAlive(person.accessToken)).toBe(true);
  });

  test('that nobody was given is refused', async () => {
    const unknown = expectProblem(await refresh('A'.repeat(43)), 'unauthenticated');
    await clinic.audited(unknown, 'AUTHENTICATION_FAILURE');
  });
});

describe('signing out', () => {
  test('ends the session at once, for its tokens and its handle, and no other one', async () => {
    const person = await clinic.join('provider');
    const other = await again(person);
    const renewed = expectStatus(await refresh(person.refreshToken), 200);
    const answer = expectStatus(await logout(person), 204);
    expect(answer.text).toBe('');
    expect(missingSecurityHeaders(answer)).toEqual([]);
    await clinic.audited(answer, 'TOKEN_REVOKED');
    expect(await isAlive(person.accessToken)).toBe(false);
    expect(await isAlive(String(renewed.body.accessToken))).toBe(false);
    expectProblem(await refresh(String(renewed.body.refreshToken)), 'unauthenticated');
    expectProblem(await logout(person), 'unauthenticated');
    expect(await isAlive(other.accessToken)).toBe(true);
  });

  test('leaves no refresh token of Cognito that still works', async () => {
    const person = await clinic.join('provider');
    const session: string = JSON.parse(
      Buffer.from(person.accessToken.split('.')[1] ?? '', 'base64url').toString(),
    ).origin_jti;
    const table = output(clinic.runtime, 'data', 'SessionsTable');
    const kept = async () => (await itemsOf(clinic.cloud, table, `R#${session}`)).length;
    expect(await kept()).toBe(1);
    expectStatus(await logout(person), 204);
    expect(await kept()).toBe(0);
  });
});

describe('an admin', () => {
  const create = (body: unknown): Promise<Answer> => clinic.administer({ method: 'POST', path: users, body });

  test('creates a person of the own tenant, once for each address', async () => {
    const email = newEmail();
    const created = expectStatus(await create({ email, role: 'billing' }), 201);
    expect(Object.keys(created.body).sort()).toEqual(['id', 'temporaryPassword']);
    const entry = await clinic.audited(created, 'PRIVILEGE_CHANGE');
    expect(entry).toMatchObject({
      tenant: clinic.tenant,
      actor: clinic.admin.subject,
      resource: 'Principal',
      resourceId: created.body.id,
      policy: 'users.create',
      scopes: ['identity/users.create'],
    });
    const twice = expectProblem(await create({ email: email.toUpperCase(), role: 'admin' }), 'conflict');
    await clinic.audited(twice, 'REQUEST_REJECTED');
  });

  test.each([
    ['an operator', { role: 'operator' }],
    ['a patient without a record', { role: 'patient' }],
    ['a nurse with a record', { role: 'nurse', patient: 'A'.repeat(26) }],
    ['someone of another tenant', { role: 'nurse', tenant: 'tenant000001' }],
  ])('creates no %s', async (_, body) => {
    expectProblem(await create({ email: newEmail(), ...body }), 'invalid-body');
  });

  test('creates nobody while the directory or the audit trail cannot be written, and then does', async () => {
    const name = output(clinic.runtime, 'identity-api', 'FunctionName');
    const { own } = await rolesOf(clinic.cloud, name);
    const { region, account } = clinic.runtime;
    const email = newEmail();
    for (const [stack, key] of [
      ['data', 'DirectoryTable'],
      ['audit', 'AuditTable'],
    ] as const) {
      const arn = `arn:aws:dynamodb:${region}:${account}:table/${output(clinic.runtime, stack, key)}`;
      await whileDenied(clinic.cloud, [own], ['dynamodb:PutItem'], [arn], async () =>
        expectProblem(await create({ email, role: 'nurse' }), 'unavailable'),
      );
    }
    const { body } = expectStatus(await create({ email, role: 'nurse' }), 201);
    expect(expectStatus(await login(email, String(body.temporaryPassword)), 200).body.challenge).toBe(
      'NEW_PASSWORD_REQUIRED',
    );
  });
});

test('the rate of a principal is exact over HTTPS', async () => {
  const person = await clinic.join('nurse');
  const ask = () =>
    clinic.send({
      method: 'POST',
      path: '/clinical/v1/patients/_search',
      token: person.accessToken,
      body: '{',
    });
  const minute = () => Math.floor(Date.now() / 60_000);
  const [from, answers] = [minute(), [] as Answer[]];
  while (answers.length < 210 && !answers.some(({ status }) => status === 429))
    answers.push(...(await Promise.all(Array.from({ length: 5 }, ask))));
  const last = answers.find(({ status }) => status === 429);
  expect(last).toBeDefined();
  await clinic.audited(expectProblem(last as Answer, 'rate-limited'), 'RATE_LIMIT_EXCEEDED');
  const allowed = answers.filter(({ status }) => status === 400).length;
  expect(allowed).toBeLessThanOrEqual(100 * (minute() - from + 1));
  expect(allowed).toBeGreaterThanOrEqual(100);
});
