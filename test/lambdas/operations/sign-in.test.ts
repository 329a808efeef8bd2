import { randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IdentityAnswer, startIdentityApi, type TestIdentity } from '../identity-api.ts';

let api: TestIdentity;
beforeAll(async () => {
  api = await startIdentityApi();
});
afterAll(() => api?.stop());

const newPassword = 'A-long-enough-password-2';
const codeFor = (secret: string, after = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + after * 30_000 });
const login = (email: string, password: string) =>
  api.send({ path: '/auth/login', body: { email, password } });
const answer = (body: object) => api.send({ path: '/auth/challenge', body });
const refresh = (refreshToken: string, userAgent?: string) =>
  api.send({ path: '/auth/refresh', body: { refreshToken }, ...(userAgent !== undefined && { userAgent }) });
const told = ({ statusCode, content }: IdentityAnswer) => [statusCode, content?.code];

/** A first sign-in up to its TOTP enrolment. */
const untilEnrolment = async (change = {}) => {
  const person = await api.newPerson(change);
  const first = await login(person.email, person.password);
  expect(first.content.challenge).toBe('NEW_PASSWORD_REQUIRED');
  const second = await answer({ ...first.content, newPassword });
  expect(second.content.challenge).toBe('MFA_SETUP');
  return { ...person, first, second, secret: second.content.secret as string };
};

/** A whole first sign-in. */
const signedIn = async (change = {}) => {
  const begun = await untilEnrolment(change);
  const { challenge, session } = begun.second.content;
  const done = await answer({ challenge, session, code: codeFor(begun.secret) });
  expect(done.statusCode).toBe(200);
  return { ...begun, done, tokens: done.content };
};

describe('a sign-in', () => {
  test('asks for a new password, then for a device, and gives tokens of a started session', async () => {
    const { first, second, done, subject, tokens } = await signedIn();
    expect(Object.keys(first.content).sort()).toEqual(['challenge', 'session']);
    expect(Object.keys(second.content).sort()).toEqual(['challenge', 'secret', 'session']);
    const who = { actor: subject, tenant: api.tenant, role: 'provider', outcome: 'success' };
    for (const asked of [first, second])
      expect(await api.entryOf(asked)).toMatchObject({ ...who, type: 'AUTHENTICATION_CHALLENGED' });
    expect(await api.entryOf(done)).toMatchObject({
      ...who,
      type: 'AUTHENTICATION_SUCCESS',
      client: api.client,
      session: expect.any(String),
    });
    expect(tokens).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    expect(tokens.scope.split(' ')).toContain('user/Patient.r');
    const known = await api.ports.directory.principal(subject);
    expect(known).toMatchObject({ factor: 'totp', evidenceClient: api.client });
    const { principal } = await api.ports.tokens.verify(tokens.accessToken, new Date());
    const item = (await api.cloud.items('sessions')).find(({ pk }) => pk?.S?.endsWith(subject));
    expect(item?.sessions?.M?.[principal.session]?.M?.factor?.S).toBe('totp');
  });

  test('later asks for a code of the device', async () => {
    const { email, secret } = await signedIn();
    const asked = await login(email, newPassword);
    expect(asked.content.challenge).toBe('SOFTWARE_TOKEN_MFA');
    const done = await answer({ ...asked.content, code: codeFor(secret, 1) });
    expect(done.statusCode).toBe(200);
  });

  test('does not tell whether an account exists', async () => {
    const { email } = await api.newPerson();
    const refusals = [
      await login(email, 'Wrong-password-123'),
      await login(`x${email}`, 'Wrong-password-123'),
    ];
    for (const refused of refusals) expect(told(refused)).toEqual([401, 'invalid-credentials']);
    const [one, other] = refusals.map(({ content }) => ({ ...content, requestId: '' }));
    expect(one).toEqual(other);
  });

  test('of a suspended person goes no further', async () => {
    const { email, password, subject } = await api.newPerson({ status: 'suspended' });
    const refused = await login(email, password);
    expect(told(refused)).toEqual([401, 'invalid-credentials']);
    expect(await api.entryOf(refused)).not.toMatchObject({ actor: subject });
  });

  test('of an account that the directory does not know goes no further', async () => {
    const email = `${randomUUID()}@example.org`;
    await api.ports.accounts.create(email, 'Temporary-password-1');
    expect(told(await login(email, 'Temporary-password-1'))).toEqual([401, 'invalid-credentials']);
  });

  test('is refused after five failures, whatever the password, and takes the address in any case', async () => {
    const { email, password } = await api.newPerson();
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(told(await login(email, 'Wrong-password-123'))).toEqual([401, 'invalid-credentials']);
    const refused = await login(email.toUpperCase(), password);
    expect(told(refused)).toEqual([429, 'rate-limited']);
  });

  test('forgives the attempts that succeeded', async () => {
    const { email, password } = await api.newPerson();
    for (let attempt = 0; attempt < 6; attempt += 1)
      expect((await login(email.toUpperCase(), password)).statusCode).toBe(200);
  });
});

describe('a challenge', () => {
  test('is answered once, right or wrong', async () => {
    const { second, secret } = await untilEnrolment();
    const { challenge, session } = second.content;
    const wrong = await answer({ challenge, session, code: '000000' });
    expect(told(wrong)).toEqual([401, 'invalid-challenge']);
    expect(told(await answer({ challenge, session, code: codeFor(secret) }))).toEqual([
      401,
      'invalid-challenge',
    ]);
  });

  test('is not answered as another one', async () => {
    const { second, secret, subject } = await untilEnrolment();
    const { session } = second.content;
    const refused = await answer({ challenge: 'SOFTWARE_TOKEN_MFA', session, code: codeFor(secret) });
    expect(told(refused)).toEqual([401, 'invalid-challenge']);
    expect(await api.entryOf(refused)).toMatchObject({ actor: subject, outcome: 'refused' });
  });

  test('that nobody was asked cannot be answered', async () => {
    const session = 'A'.repeat(43);
    expect(told(await answer({ challenge: 'MFA_SETUP', session, code: '123456' }))).toEqual([
      401,
      'invalid-challenge',
    ]);
  });

  test('counts as an attempt until it succeeds', async () => {
    const { email, secret } = await signedIn();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const asked = await login(email, newPassword);
      expect(told(await answer({ ...asked.content, code: '000000' }))).toEqual([401, 'invalid-challenge']);
    }
    const asked = await login(email, newPassword);
    expect((await answer({ ...asked.content, code: codeFor(secret, 1) })).statusCode).toBe(200);
    for (let attempt = 0; attempt < 5; attempt += 1) await login(email, 'Wrong-password-123');
    expect(told(await login(email, newPassword))).toEqual([429, 'rate-limited']);
  });

  test('answered wrongly five times ends the account’s sign-ins for a while', async () => {
    const { email } = await signedIn();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const asked = await login(email, newPassword);
      await answer({ ...asked.content, code: '000000' });
    }
    expect(told(await login(email, newPassword))).toEqual([429, 'rate-limited']);
  });

  test('passed on goes on counting from none', async () => {
    const { first } = await untilEnrolment();
    expect(first.statusCode).toBe(200);
    const attempts = (await api.cloud.items('sessions')).filter(({ sk }) => sk?.S === 'ATTEMPTS');
    expect(attempts.filter(({ n }) => Number(n?.N) < 0)).toEqual([]);
  });
});

describe('tokens of a sign-in are not given', () => {
  const withTokens = async (
    change: (token: string) => Promise<{ accessToken: string; refreshToken?: string }>,
  ) => {
    const { second, secret } = await untilEnrolment();
    const { signIn } = api.ports;
    const changed: typeof signIn = {
      ...signIn,
      answer: async (...given) => {
        const step = await signIn.answer(...given);
        if (!('tokens' in step)) return step;
        return { tokens: { expiresIn: 900, ...(await change(step.tokens.accessToken)) } };
      },
    };
    const { challenge, session } = second.content;
    return api.send(
      { path: '/auth/challenge', body: { challenge, session, code: codeFor(secret) } },
      { signIn: changed },
    );
  };

  test('to another person', async () => {
    const { tokens } = await signedIn();
    const refused = await withTokens(async () => ({ accessToken: tokens.accessToken, refreshToken: 'r' }));
    expect(told(refused)).toEqual([401, 'invalid-challenge']);
  });

  test('to another client', async () => {
    const refused = await withTokens(async (token) => {
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      const accessToken = await api.issuer.sign({ ...claims, client_id: 'another-client' });
      return { accessToken, refreshToken: 'r' };
    });
    expect(told(refused)).toEqual([401, 'invalid-challenge']);
  });

  test('without one that continues them', async () => {
    expect(told(await withTokens(async (accessToken) => ({ accessToken })))).toEqual([
      401,
      'invalid-challenge',
    ]);
  });
});

describe('a refresh', () => {
  test('gives a new access token of the same session, and a new handle', async () => {
    const { tokens, subject } = await signedIn();
    const next = await refresh(tokens.refreshToken);
    expect(next.statusCode).toBe(200);
    expect(next.content.refreshToken).not.toBe(tokens.refreshToken);
    const [before, after] = await Promise.all(
      [tokens, next.content].map(({ accessToken }) => api.ports.tokens.verify(accessToken, new Date())),
    );
    expect(after?.principal.session).toBe(before?.principal.session);
    expect(await api.entryOf(next)).toMatchObject({
      actor: subject,
      tenant: api.tenant,
      session: before?.principal.session,
      client: api.client,
    });
    expect((await refresh(next.content.refreshToken)).statusCode).toBe(200);
  });

  test('repeated by the same client at once gives the same handle', async () => {
    const { tokens } = await signedIn();
    const [one, again] = [await refresh(tokens.refreshToken), await refresh(tokens.refreshToken)];
    expect(again.statusCode).toBe(200);
    expect(again.content.refreshToken).toBe(one.content.refreshToken);
  });

  test('reused by another client ends the session', async () => {
    const { tokens, subject } = await signedIn();
    const next = await refresh(tokens.refreshToken);
    const reused = await refresh(tokens.refreshToken, 'thief/1.0');
    expect(told(reused)).toEqual([401, 'unauthenticated']);
    expect(await api.entryOf(reused)).toMatchObject({
      type: 'TOKEN_REVOKED',
      policy: 'refresh.reuse',
      actor: subject,
      session: expect.any(String),
    });
    expect(told(await refresh(next.content.refreshToken))).toEqual([401, 'unauthenticated']);
    expect(told(await api.send({ path: '/auth/logout', token: next.content.accessToken }))).toEqual([
      401,
      'unauthenticated',
    ]);
  });

  test('by an unknown handle is refused', async () => {
    const refused = await refresh('A'.repeat(43));
    expect(told(refused)).toEqual([401, 'unauthenticated']);
    expect(await api.entryOf(refused)).toMatchObject({ policy: 'refresh.unknown', tenant: 'platform' });
  });

  test('after the end of the session is refused', async () => {
    const { tokens } = await signedIn();
    expect((await api.send({ path: '/auth/logout', token: tokens.accessToken })).statusCode).toBe(204);
    const refused = await refresh(tokens.refreshToken);
    expect(told(refused)).toEqual([401, 'unauthenticated']);
    expect(await api.entryOf(refused)).toMatchObject({ policy: 'session.over' });
  });

  test.each([
    ['subject', { sub: randomUUID() }],
    ['session', { origin_jti: randomUUID() }],
    ['tenant', { tenant: 'tenant999999' }],
    ['role version', { role_version: '2' }],
  ])('whose new token is of another %s ends the session', async (_name, change) => {
    const { tokens } = await signedIn();
    const { signIn } = api.ports;
    const changed: typeof signIn = {
      ...signIn,
      refresh: async (token) => {
        const issued = await signIn.refresh(token);
        if (!issued) return undefined;
        const claims = JSON.parse(
          Buffer.from(issued.accessToken.split('.')[1] ?? '', 'base64url').toString(),
        );
        return { ...issued, accessToken: await api.issuer.sign({ ...claims, ...change }) };
      },
    };
    const refused = await api.send(
      { path: '/auth/refresh', body: { refreshToken: tokens.refreshToken } },
      { signIn: changed },
    );
    expect(told(refused)).toEqual([401, 'unauthenticated']);
    expect(await api.entryOf(refused)).toMatchObject({ policy: 'refresh.refused' });
    expect(told(await api.send({ path: '/auth/logout', token: tokens.accessToken }))[0]).toBe(401);
  });

  test('that Cognito refuses ends the session', async () => {
    const { tokens } = await signedIn();
    const { principal } = await api.ports.tokens.verify(tokens.accessToken, new Date());
    await api.ports.signIns.removeToken(principal.session);
    expect(told(await refresh(tokens.refreshToken))).toEqual([401, 'unauthenticated']);
    expect(told(await api.send({ path: '/auth/logout', token: tokens.accessToken }))[0]).toBe(401);
  });

  test('keeps a refresh token that Cognito replaces', async () => {
    const { tokens } = await signedIn();
    const { signIn, signIns } = api.ports;
    const rotating: typeof signIn = {
      ...signIn,
      refresh: async (token) => {
        const issued = await signIn.refresh(token);
        return issued && { ...issued, refreshToken: 'replaced' };
      },
    };
    await api.send(
      { path: '/auth/refresh', body: { refreshToken: tokens.refreshToken } },
      { signIn: rotating },
    );
    const { principal } = await api.ports.tokens.verify(tokens.accessToken, new Date());
    expect(await signIns.token(principal.session)).toBe('replaced');
  });
});

describe('a logout', () => {
  test('ends the session for every token of it, here and at Cognito', async () => {
    const { tokens, subject } = await signedIn();
    const { principal } = await api.ports.tokens.verify(tokens.accessToken, new Date());
    const sealed = await api.ports.signIns.token(principal.session);
    const done = await api.send({ path: '/auth/logout', token: tokens.accessToken });
    expect(done.statusCode).toBe(204);
    expect(await api.entryOf(done)).toMatchObject({ actor: subject, outcome: 'success' });
    expect(told(await api.send({ path: '/auth/logout', token: tokens.accessToken }))).toEqual([
      401,
      'unauthenticated',
    ]);
    expect(await api.ports.signIns.token(principal.session)).toBeUndefined();
    expect(await api.ports.signIn.refresh(sealed ?? '')).toBeUndefined();
  });

  test('holds though Cognito cannot be reached', async () => {
    const { tokens } = await signedIn();
    const revoke = async (): Promise<never> => {
      throw new Error('no connection');
    };
    const signIn = { ...api.ports.signIn, revoke };
    const done = await api.send({ path: '/auth/logout', token: tokens.accessToken }, { signIn });
    expect(done.statusCode).toBe(204);
    expect(api.warnings).toContain('revocation-failed');
    expect(told(await refresh(tokens.refreshToken))).toEqual([401, 'unauthenticated']);
  });

  test('needs a token', async () => {
    expect(told(await api.send({ path: '/auth/logout' }))).toEqual([401, 'unauthenticated']);
  });
});

describe('an administrator', () => {
  const admin = async () => (await signedIn({ role: 'admin' })).tokens.accessToken as string;

  test('creates a person of the own tenant', async () => {
    const token = await admin();
    const email = `New.${randomUUID()}@example.org`;
    const made = await api.send({ path: '/users', token, body: { email, role: 'nurse' } });
    expect(made.statusCode).toBe(201);
    const { id, temporaryPassword } = made.content;
    expect(await api.ports.directory.principal(id)).toMatchObject({
      tenant: api.tenant,
      role: 'nurse',
      roleVersion: 1,
      status: 'active',
    });
    expect(await api.entryOf(made)).toMatchObject({
      resource: 'Principal',
      resourceId: id,
      status: 201,
      outcome: 'success',
    });
    expect((await login(email.toLowerCase(), temporaryPassword)).content.challenge).toBe(
      'NEW_PASSWORD_REQUIRED',
    );
    const again = await api.send({ path: '/users', token, body: { email, role: 'nurse' } });
    expect(told(again)).toEqual([409, 'conflict']);
    expect(await api.entryOf(again)).toMatchObject({ policy: 'person.exists' });
  });

  test('names the record of a patient’s user', async () => {
    const patient = 'A'.repeat(26);
    const body = { email: `${randomUUID()}@example.org`, role: 'patient', patient };
    const made = await api.send({ path: '/users', token: await admin(), body });
    expect(made.statusCode).toBe(201);
    expect(await api.ports.directory.principal(made.content.id)).toMatchObject({ role: 'patient', patient });
    expect(await api.entryOf(made)).toMatchObject({ patient });
  });

  test('gives an account that was left without a person a new password', async () => {
    const email = `${randomUUID()}@example.org`;
    await api.ports.accounts.create(email, 'Temporary-password-1');
    const made = await api.send({ path: '/users', token: await admin(), body: { email, role: 'nurse' } });
    expect(made.statusCode).toBe(201);
    expect(told(await login(email, 'Temporary-password-1'))).toEqual([401, 'invalid-credentials']);
    expect((await login(email, made.content.temporaryPassword)).statusCode).toBe(200);
  });

  const failing = (commit: (typeof api.ports)['directory']['commit']) => ({
    directory: { ...api.ports.directory, commit },
  });

  test('leaves no account behind when the directory cannot be written', async () => {
    const email = `${randomUUID()}@example.org`;
    const token = await admin();
    const fails = failing(async () => {
      throw Object.assign(new Error('down'), { $metadata: {} });
    });
    const refused = await api.send({ path: '/users', token, body: { email, role: 'nurse' } }, fails);
    expect(told(refused)).toEqual([503, 'unavailable']);
    expect(await api.ports.accounts.find(email)).toBeUndefined();
  });

  test('leaves no account behind when the directory refuses', async () => {
    const email = `${randomUUID()}@example.org`;
    const token = await admin();
    const refused = await api.send(
      { path: '/users', token, body: { email, role: 'nurse' } },
      failing(async () => false),
    );
    expect(told(refused)).toEqual([409, 'conflict']);
    expect(await api.ports.accounts.find(email)).toBeUndefined();
  });

  test('does not remove the account of a person who was written after all', async () => {
    const email = `${randomUUID()}@example.org`;
    const token = await admin();
    const { directory } = api.ports;
    const late = failing(async (items) => {
      await directory.commit(items);
      throw new Error('no answer');
    });
    const made = await api.send({ path: '/users', token, body: { email, role: 'nurse' } }, late);
    expect(made.statusCode).toBe(201);
    expect(await api.ports.accounts.find(email)).toBe(made.content.id);
    const others = `${randomUUID()}@example.org`;
    const lost = failing(async (items) => {
      await directory.commit(items);
      return false;
    });
    expect(
      told(await api.send({ path: '/users', token, body: { email: others, role: 'nurse' } }, lost)),
    ).toEqual([409, 'conflict']);
    expect(await api.ports.accounts.find(others)).toBeDefined();
  });
});
