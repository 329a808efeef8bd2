import { hash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { AuditEventType } from '../../../model/audit-event-types.ts';
import type { ProblemCode } from '../../../model/problems.ts';
import { today } from '../../../scripts/local/create-tenant.ts';
import { missingHeaders } from '../answers.ts';
import {
  codeOf,
  type IdentityAnswer,
  type IdentityApi,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';

let api: IdentityApi;
beforeAll(async () => {
  api = await startIdentityApi();
});
afterAll(() => api.stop());

const expectEntry = async ({ headers, status }: IdentityAnswer, type: AuditEventType, more: object = {}) => {
  expect(missingHeaders(headers)).toEqual([]);
  expect(await api.entries(headers['x-request-id'])).toMatchObject([{ type, status, ...more }]);
};
const expectProblem = (answer: IdentityAnswer, code: ProblemCode): IdentityAnswer => {
  expect(answer.body.code).toBe(code);
  return answer;
};
const login = (email: string, password: string) => api.post('/auth/login', { email, password });
const refresh = (refreshToken: string, userAgent = 'test/1.0') =>
  api.post('/auth/refresh', { refreshToken }, { userAgent });
const rows = async (table: 'directory' | 'sessions', part: string) =>
  (await api.cloud.items(table)).filter(({ pk }) => pk?.S?.includes(part));

describe('a sign-in', () => {
  test('goes by password and code, and names whom in the trail', async () => {
    const person = await api.join('nurse');
    const first = await login(person.email.toUpperCase().replace('SYNTHETIC', 'synthetic'), person.password);
    expect(Object.keys(first.body).sort()).toEqual(['challenge', 'session']);
    expect(first.body.challenge).toBe('SOFTWARE_TOKEN_MFA');
    const whom = { actor: person.subject, tenant: api.tenant, role: 'nurse' };
    await expectEntry(first, 'AUTHENTICATION_CHALLENGED', { ...whom, policy: 'auth.login' });
    const { challenge, session } = first.body;
    const second = await api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expect(Object.keys(second.body).sort()).toEqual([
      'accessToken',
      'expiresIn',
      'refreshToken',
      'scope',
      'tokenType',
    ]);
    expect(second.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    expect(second.body.scope?.split(' ')).toContain('user/Vital.c');
    await expectEntry(second, 'AUTHENTICATION_SUCCESS', { ...whom, client: api.ports.client });
    expect(await api.isAlive(second.body.accessToken ?? '')).toBe(true);
  });

  test('records the enrolment before tokens are asked for, and not earlier', async () => {
    const email = newEmail();
    const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
    const { challenge, session } = (await login(email, body.temporaryPassword ?? '')).body;
    const newPassword = `Synthetic-${crypto.randomUUID()}-A1!`;
    const setup = await api.post('/auth/challenge', { challenge, session, newPassword });
    await expectEntry(setup, 'AUTHENTICATION_CHALLENGED', { actor: body.id });
    const [attempts] = await rows('sessions', `A#${await api.ports.signIn.digest('account', email)}`);
    expect(attempts?.n?.N).toBe('0');
    expect(await api.ports.directory.principal(body.id ?? '')).not.toHaveProperty('mfaEnrolledAt');
    const seen: (string | undefined)[] = [];
    const post = api.postWith(({ signIn, directory }) => ({
      signIn: {
        ...signIn,
        answer: async (...given) => {
          seen.push((await directory.principal(body.id ?? ''))?.mfaEnrolledAt);
          return signIn.answer(...given);
        },
      },
    }));
    const { secret = '', session: second } = setup.body;
    const done = await post('/auth/challenge', {
      challenge: 'MFA_SETUP',
      session: second,
      code: codeOf(secret),
    });
    expect(done.status).toBe(200);
    expect(seen).toEqual([expect.stringMatching(/^\d{4}-/)]);
    expect(await api.ports.directory.principal(body.id ?? '')).toMatchObject({
      mfaEnrolledAt: seen[0],
    });
  });

  test('with a wrong first code enrols nothing', async () => {
    const email = newEmail();
    const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
    const { challenge, session } = (await login(email, body.temporaryPassword ?? '')).body;
    const newPassword = `Synthetic-${crypto.randomUUID()}-A1!`;
    const setup = await api.post('/auth/challenge', { challenge, session, newPassword });
    const wrong = await api.post('/auth/challenge', {
      challenge: 'MFA_SETUP',
      session: setup.body.session,
      code: '000000',
    });
    await expectEntry(expectProblem(wrong, 'invalid-challenge'), 'AUTHENTICATION_FAILURE', {
      actor: body.id,
    });
    expect(await api.ports.directory.principal(body.id ?? '')).not.toHaveProperty('mfaEnrolledAt');
  });

  test('that enrolled elsewhere, or whose enrolment was not recorded, is recorded and has its scopes', async () => {
    const person = await api.join('nurse');
    await api.cloud.edit(
      'directory',
      ({ pk, sk }) => pk?.S === `U#${person.subject}` && sk?.S === 'PRINCIPAL',
      ({ mfaEnrolledAt: _at, ...item }) => item,
    );
    const { challenge, session } = (await login(person.email, person.password)).body;
    const done = await api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expect(done.body.scope?.split(' ')).toContain('user/Vital.c');
    expect(await api.ports.directory.principal(person.subject)).toHaveProperty('mfaEnrolledAt');
  });

  test('enrols no second device with the same password', async () => {
    const email = newEmail();
    const wanted = { email, role: 'nurse', trainedOn: today() };
    const { body } = await api.post('/users', wanted, { token: api.admin.accessToken });
    const begun = (await login(email, body.temporaryPassword ?? '')).body;
    const newPassword = `Synthetic-${crypto.randomUUID()}-A1!`;
    const first = (await api.post('/auth/challenge', { ...begun, newPassword })).body;
    const second = (await login(email, newPassword)).body;
    expect([first.challenge, second.challenge]).toEqual(['MFA_SETUP', 'MFA_SETUP']);
    const finish = ({ challenge, session, secret = '' }: typeof first, post = api.post) =>
      post('/auth/challenge', { challenge, session, code: codeOf(secret) });
    const verified: string[] = [];
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        verify: async (session, code) => {
          verified.push(code);
          return signIn.verify(session, code);
        },
      },
    }));
    expect((await finish(first)).status).toBe(200);
    const refused = expectProblem(await finish(second, post), 'invalid-challenge');
    await expectEntry(refused, 'AUTHENTICATION_FAILURE', { actor: body.id, policy: 'totp.enrolled' });
    expect(verified).toEqual([]);
    const { challenge, session } = (await login(email, newPassword)).body;
    const code = codeOf(first.secret ?? '');
    expect((await api.post('/auth/challenge', { challenge, session, code })).status).toBe(200);
  });

  test('whose device another one was enrolled before in the same moment gets no tokens', async () => {
    const email = newEmail();
    const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
    const begun = (await login(email, body.temporaryPassword ?? '')).body;
    const newPassword = `Synthetic-${crypto.randomUUID()}-A1!`;
    const setup = (await api.post('/auth/challenge', { ...begun, newPassword })).body;
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        recordEnrolment: async (...given) => {
          await directory.recordEnrolment(...given);
          return directory.recordEnrolment(...given);
        },
      },
    }));
    const { challenge, session, secret = '' } = setup;
    const answer = await post('/auth/challenge', { challenge, session, code: codeOf(secret) });
    await expectEntry(expectProblem(answer, 'invalid-challenge'), 'AUTHENTICATION_FAILURE', {
      policy: 'totp.enrolled',
    });
  });

  test('is refused alike whether the account is there or not', async () => {
    const person = await api.join('nurse');
    for (const email of [person.email, newEmail()]) {
      const answer = expectProblem(await login(email, 'Wrong-password-1!'), 'invalid-credentials');
      await expectEntry(answer, 'AUTHENTICATION_FAILURE', { tenant: 'platform' });
    }
  });

  test('that fails is told of one account each time, which has the same look whether it is there or not', async () => {
    const person = await api.join('nurse');
    const tried = async (email: string): Promise<AuditEntry> => {
      const answer = expectProblem(await login(email, 'Wrong-password-1!'), 'invalid-credentials');
      const [entry] = await api.entries(answer.headers['x-request-id']);
      if (entry === undefined) throw new Error('no entry');
      return entry;
    };
    const absent = newEmail();
    const accounts = new Set<string>();
    const looks = new Set<string>();
    for (const email of [person.email, absent]) {
      const [one, again] = [await tried(email), await tried(email.toUpperCase())];
      expect(again.resourceId).toBe(one.resourceId);
      expect(one).toMatchObject({ resource: 'Account', resourceId: expect.stringMatching(/^[\w-]{43}$/) });
      accounts.add(String(one.resourceId));
      looks.add(Object.keys(one).sort().join());
      expect(JSON.stringify(one)).not.toContain(email);
    }
    expect([accounts.size, looks.size]).toEqual([2, 1]);
    for (let count = 0; count < 3; count += 1) await tried(absent);
    const limited = expectProblem(await login(absent, 'Wrong-password-1!'), 'rate-limited');
    const [entry] = await api.entries(limited.headers['x-request-id']);
    expect(accounts).toContain(entry?.resourceId);
  });

  test('is refused to whom the directory does not know or has suspended', async () => {
    const email = newEmail();
    const password = `Synthetic-${crypto.randomUUID()}-A1!`;
    await api.ports.accounts.create(email, password);
    expectProblem(await login(email, password), 'invalid-credentials');
    const person = await api.join('nurse');
    await api.cloud.edit(
      'directory',
      ({ pk }) => pk?.S === `U#${person.subject}`,
      (item) => ({ ...item, status: { S: 'suspended' } }),
    );
    expectProblem(await login(person.email, person.password), 'invalid-credentials');
  });

  test('never takes tokens for a password alone, and revokes them', async () => {
    const revoked: string[] = [];
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        start: async () => ({ tokens: { accessToken: 'x', expiresIn: 900, refreshToken: 'y' } }),
        revoke: async (token) => {
          revoked.push(token);
        },
      },
    }));
    expectProblem(await post('/auth/login', { email: newEmail(), password: 'x' }), 'invalid-credentials');
    expect(revoked).toEqual(['y']);
  });

  test('is refused after five wrong passwords, and the right one then too', async () => {
    const person = await api.join('nurse');
    for (let count = 0; count < 5; count += 1)
      expectProblem(await login(person.email, 'Wrong-password-1!'), 'invalid-credentials');
    const answer = expectProblem(await login(person.email, person.password), 'rate-limited');
    await expectEntry(answer, 'RATE_LIMIT_EXCEEDED', { policy: 'rate.verifications' });
  });

  test('is refused after five wrong codes, though each password is right, and forgets them when it succeeds', async () => {
    const person = await api.join('nurse');
    const wrongCode = async () => {
      const { challenge, session } = (await login(person.email, person.password)).body;
      return api.post('/auth/challenge', { challenge, session, code: '000000' });
    };
    for (let count = 0; count < 4; count += 1) expectProblem(await wrongCode(), 'invalid-challenge');
    const { challenge, session } = (await login(person.email, person.password)).body;
    const right = await api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expect(right.status).toBe(200);
    for (let count = 0; count < 5; count += 1) expectProblem(await wrongCode(), 'invalid-challenge');
    expectProblem(await login(person.email, person.password), 'rate-limited');
  });

  test('takes one answer for a challenge, of its kind, in its time', async () => {
    const person = await api.join('nurse');
    const begin = async () => (await login(person.email, person.password)).body;
    const one = await begin();
    const answer = { challenge: one.challenge, session: one.session };
    expectProblem(await api.post('/auth/challenge', { ...answer, code: '000000' }), 'invalid-challenge');
    expectProblem(
      await api.post('/auth/challenge', { ...answer, code: codeOf(person.totp) }),
      'invalid-challenge',
    );
    const two = await begin();
    const wrongKind = { challenge: 'MFA_SETUP', session: two.session, code: codeOf(person.totp) };
    expectProblem(await api.post('/auth/challenge', wrongKind), 'invalid-challenge');
    const three = await begin();
    const right = { challenge: three.challenge, session: three.session, code: codeOf(person.totp) };
    const late = new Date(Date.now() + 601_000);
    expectProblem(await api.post('/auth/challenge', right, { at: late }), 'invalid-challenge');
  });

  test('that nobody began cannot be answered', async () => {
    const answer = await api.post('/auth/challenge', {
      challenge: 'MFA_SETUP',
      session: 'A'.repeat(43),
      code: '123456',
    });
    await expectEntry(expectProblem(answer, 'invalid-challenge'), 'AUTHENTICATION_FAILURE', {
      tenant: 'platform',
    });
  });

  test('that succeeds, or is passed on, is no failed one', async () => {
    const person = await api.join('nurse');
    for (let count = 0; count < 6; count += 1)
      expect((await login(person.email, person.password)).body.challenge).toBe('SOFTWARE_TOKEN_MFA');
    const counted = await rows('sessions', 'A#');
    expect(counted.filter(({ n }) => Number(n?.N) < 0)).toEqual([]);
  });

  test.each(['short', 'without-digits-or-capitals'])(
    'keeps no password like %s, says so, and counts it as no failed verification',
    async (newPassword) => {
      const email = newEmail();
      const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
      const attempt = async () => {
        const { challenge, session } = (await login(email, body.temporaryPassword ?? '')).body;
        return api.post('/auth/challenge', { challenge, session, newPassword });
      };
      for (let count = 0; count < 6; count += 1) expectProblem(await attempt(), 'weak-password');
      await expectEntry(await attempt(), 'AUTHENTICATION_FAILURE', { actor: body.id, mfa: 'none' });
    },
  );

  test('takes a code once, for whatever it was', async () => {
    const person = await api.join('nurse');
    const code = codeOf(person.totp);
    const answer = async () => {
      const { challenge, session } = (await login(person.email, person.password)).body;
      return api.post('/auth/challenge', { challenge, session, code });
    };
    expect((await answer()).status).toBe(200);
    await expectEntry(expectProblem(await answer(), 'invalid-challenge'), 'AUTHENTICATION_FAILURE', {
      policy: 'totp.used',
      actor: person.subject,
    });
  });

  test('takes the code that enrolled a device for nothing else', async () => {
    const email = newEmail();
    const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
    const { challenge, session } = (await login(email, body.temporaryPassword ?? '')).body;
    const newPassword = `Synthetic-${crypto.randomUUID()}-A1!`;
    const setup = (await api.post('/auth/challenge', { challenge, session, newPassword })).body;
    const code = codeOf(setup.secret ?? '');
    const answer = { challenge: 'MFA_SETUP', session: setup.session, code };
    expect((await api.post('/auth/challenge', answer)).status).toBe(200);
    const again = (await login(email, newPassword)).body;
    const second = { challenge: again.challenge, session: again.session, code };
    await expectEntry(await api.post('/auth/challenge', second), 'AUTHENTICATION_FAILURE', {
      policy: 'totp.used',
    });
  });

  test('gives no tokens for a new password alone, whatever Cognito does', async () => {
    const revoked: string[] = [];
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        answer: async () => ({ tokens: { accessToken: 'x', expiresIn: 900, refreshToken: 'y' } }),
        revoke: async (token) => {
          revoked.push(token);
        },
      },
    }));
    const email = newEmail();
    const { body } = await api.post('/users', { email, role: 'nurse' }, { token: api.admin.accessToken });
    const { challenge, session } = (await login(email, body.temporaryPassword ?? '')).body;
    const newPassword = `Synthetic-${crypto.randomUUID()}-A1!`;
    const answer = await post('/auth/challenge', { challenge, session, newPassword });
    await expectEntry(expectProblem(answer, 'invalid-challenge'), 'AUTHENTICATION_FAILURE', {
      policy: 'sign-in.factor',
    });
    expect(revoked).toEqual(['y']);
  });
});

/** Verifies as ever, and then says something else of the token. */
const claiming = (change: Partial<Principal>) =>
  api.postWith(({ tokens }) => ({
    tokens: {
      verify: async (token, now) => {
        const verified = await tokens.verify(token, now);
        return { ...verified, principal: { ...verified.principal, ...change } };
      },
    },
  }));

test('a sign-in whose token has another role than the directory is refused, and told with that role', async () => {
  const person = await api.join('nurse');
  const { challenge, session } = (await login(person.email, person.password)).body;
  const post = claiming({ role: 'provider' });
  const answer = await post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
  await expectEntry(expectProblem(answer, 'unauthenticated'), 'AUTHENTICATION_FAILURE', {
    actor: person.subject,
    role: 'provider',
    policy: 'session.principal',
  });
});

describe('tokens of a sign-in are not given', () => {
  const sessionsOf = async (subject: string) =>
    Object.keys((await rows('sessions', `U#${subject}`))[0]?.sessions?.M ?? {}).length;

  test.each([
    ['to another person', () => claiming({ subject: crypto.randomUUID() })],
    ['to another client', () => claiming({ client: 'another-client' })],
    [
      'without one that continues them',
      () =>
        api.postWith(({ signIn }) => ({
          signIn: {
            ...signIn,
            answer: async (...given) => {
              const step = await signIn.answer(...given);
              if (!('tokens' in step)) return step;
              const { refreshToken: _refreshToken, ...tokens } = step.tokens;
              return { tokens };
            },
          },
        })),
    ],
  ])('%s', async (_case, post) => {
    const person = await api.join('nurse');
    const before = await sessionsOf(person.subject);
    const { challenge, session } = (await login(person.email, person.password)).body;
    const answer = await post()('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expectProblem(answer, 'invalid-challenge');
    expect(answer.body).not.toHaveProperty('accessToken');
    expect(await sessionsOf(person.subject)).toBe(before);
  });
});

test('what stands for an address or handle cannot be computed without the secret', async () => {
  const digest = await api.ports.signIn.digest('account', 'a@example.org');
  expect(digest).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(digest).not.toBe(hash('sha256', 'chartlock/account\na@example.org', 'base64url'));
  expect(digest).toBe(await api.ports.signIn.digest('account', 'a@example.org'));
});

describe('a refresh handle', () => {
  test.each([
    ['subject', { subject: '00000000-0000-0000-0000-000000000000' }],
    ['session', { session: '00000000-0000-0000-0000-000000000000' }],
    ['tenant', { tenant: 'tenant999999' }],
    ['role version', { roleVersion: 2 }],
  ])('whose new token is of another %s ends the session', async (_name, change) => {
    const person = await api.join('provider');
    const answer = await claiming(change)('/auth/refresh', { refreshToken: person.refreshToken });
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'AUTHENTICATION_FAILURE', {
      policy: 'refresh.refused',
    });
    expect(await api.isAlive(person.accessToken)).toBe(false);
  });

  test('keeps the refresh token that Cognito gives in place of its own', async () => {
    const person = await api.join('provider');
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        refresh: async (token) => {
          const issued = await signIn.refresh(token);
          return issued && { ...issued, refreshToken: 'replaced' };
        },
      },
    }));
    await post('/auth/refresh', { refreshToken: person.refreshToken });
    const { origin_jti: session } = decodeJwt(person.accessToken);
    expect(await api.ports.signIns.token(String(session))).toBe('replaced');
  });

  test('is replaced at each use; a retry by the same client gets the same successor', async () => {
    const person = await api.join('provider');
    const first = await refresh(person.refreshToken);
    expect(first.status).toBe(200);
    expect(first.body.refreshToken).not.toBe(person.refreshToken);
    await expectEntry(first, 'TOKEN_REFRESHED', {
      actor: person.subject,
      tenant: api.tenant,
      role: 'provider',
      client: api.ports.client,
    });
    const retry = await refresh(person.refreshToken);
    expect(retry.body.refreshToken).toBe(first.body.refreshToken);
    expect((await refresh(retry.body.refreshToken ?? '')).status).toBe(200);
    expect(await api.isAlive(person.accessToken)).toBe(true);
  });

  test.each([
    ['another client comes with it', async (handle: string) => refresh(handle, 'thief/2.0')],
    [
      'its successor was used',
      async (handle: string, successor: string) => {
        await refresh(successor);
        return refresh(handle);
      },
    ],
  ])('ends the session when %s', async (_case, reuse) => {
    const person = await api.join('provider');
    const first = await refresh(person.refreshToken);
    const answer = await reuse(person.refreshToken, first.body.refreshToken ?? '');
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'TOKEN_REVOKED', {
      policy: 'refresh.reuse',
      actor: person.subject,
      tenant: api.tenant,
      session: decodeJwt(person.accessToken).origin_jti,
    });
    expect(await api.isAlive(person.accessToken)).toBe(false);
    expect(await api.isAlive(first.body.accessToken ?? '')).toBe(false);
    expectProblem(await refresh(first.body.refreshToken ?? ''), 'unauthenticated');
  });

  /** Counts how often Cognito is asked to continue a sign-in. */
  const continuing = () => {
    let asked = 0;
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        refresh: (token) => {
          asked += 1;
          return signIn.refresh(token);
        },
      },
    }));
    return { post, asked: () => asked };
  };

  test('that is reused gets no tokens from Cognito', async () => {
    const person = await api.join('provider');
    const { post, asked } = continuing();
    const use = (userAgent: string) =>
      post('/auth/refresh', { refreshToken: person.refreshToken }, { userAgent });
    expect((await use('test/1.0')).status).toBe(200);
    expectProblem(await use('thief/2.0'), 'unauthenticated');
    expect(asked()).toBe(1);
  });

  test('of a session without a refresh token ends it, and Cognito is not asked', async () => {
    const person = await api.join('provider');
    await api.ports.signIns.removeToken(String(decodeJwt(person.accessToken).origin_jti));
    const { post, asked } = continuing();
    const answer = await post('/auth/refresh', { refreshToken: person.refreshToken });
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'AUTHENTICATION_FAILURE', {
      policy: 'refresh.refused',
    });
    expect(asked()).toBe(0);
    expect(await api.isAlive(person.accessToken)).toBe(false);
  });

  test('that was gone when it was to be used ends the session', async () => {
    const person = await api.join('provider');
    const post = api.postWith(({ signIns }) => ({
      signIns: { ...signIns, useHandle: async () => ({ verdict: 'unknown' }) },
    }));
    expectProblem(await post('/auth/refresh', { refreshToken: person.refreshToken }), 'unauthenticated');
    expect(await api.isAlive(person.accessToken)).toBe(false);
  });

  test('that was lost in a race to another client ends the session', async () => {
    const person = await api.join('provider');
    const post = api.postWith(({ signIns }) => ({
      signIns: {
        ...signIns,
        useHandle: async (handle, use) => {
          await signIns.useHandle(handle, { ...use, client: 'thief' });
          return signIns.useHandle(handle, use);
        },
      },
    }));
    expectProblem(await post('/auth/refresh', { refreshToken: person.refreshToken }), 'unauthenticated');
    expect(await api.isAlive(person.accessToken)).toBe(false);
  });

  test('stays good when a service failed', async () => {
    const person = await api.join('provider');
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        refresh: () => Promise.reject(Object.assign(new Error('down'), { $metadata: {} })),
      },
    }));
    const failed = await post('/auth/refresh', { refreshToken: person.refreshToken });
    await expectEntry(expectProblem(failed, 'unavailable'), 'SERVICE_FAILURE');
    expect((await refresh(person.refreshToken, 'another/1.0')).status).toBe(200);
  });

  test('of a session that is idle, over or unknown is refused; refreshing is no activity', async () => {
    const person = await api.join('provider');
    const at = new Date(Date.now() + 14 * 60_000);
    const post = (refreshToken: string, time: Date) =>
      api.post('/auth/refresh', { refreshToken }, { at: time });
    const first = await post(person.refreshToken, at);
    expect(first.status).toBe(200);
    const later = await post(first.body.refreshToken ?? '', new Date(Date.now() + 16 * 60_000));
    expectProblem(later, 'unauthenticated');
    await expectEntry(
      expectProblem(await refresh('A'.repeat(43)), 'unauthenticated'),
      'AUTHENTICATION_FAILURE',
      {
        tenant: 'platform',
        policy: 'refresh.unknown',
      },
    );
  });

  test.each([
    ['Cognito refuses', async (_subject: string) => undefined],
    [
      'the role has changed',
      async (subject: string) => {
        await api.cloud.edit(
          'directory',
          ({ pk }) => pk?.S === `U#${subject}`,
          (item) => ({ ...item, roleVersion: { N: '2' } }),
        );
      },
    ],
  ])('ends the session when %s', async (name, change) => {
    const person = await api.join('provider');
    await change(person.subject);
    const post = api.postWith(({ signIn }) => ({
      signIn: name === 'Cognito refuses' ? { ...signIn, refresh: async () => undefined } : signIn,
    }));
    const answer = await post('/auth/refresh', { refreshToken: person.refreshToken });
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'AUTHENTICATION_FAILURE', {
      policy: 'refresh.refused',
    });
    expect(await api.isAlive(person.accessToken)).toBe(false);
  });
});

describe('signing out', () => {
  test('ends the session here and at Cognito', async () => {
    const person = await api.join('provider');
    const session = String(decodeJwt(person.accessToken).origin_jti);
    const token = await api.ports.signIns.token(session);
    expect(token).toBeDefined();
    const answer = await api.post('/auth/logout', undefined, { token: person.accessToken });
    expect([answer.status, answer.body]).toEqual([204, {}]);
    await expectEntry(answer, 'TOKEN_REVOKED', { actor: person.subject, session });
    expect(await api.isAlive(person.accessToken)).toBe(false);
    expectProblem(await refresh(person.refreshToken), 'unauthenticated');
    expect(await api.ports.signIns.token(session)).toBeUndefined();
    expect(await api.ports.signIn.refresh(token ?? '')).toBeUndefined();
  });

  test('ends it here though Cognito cannot be reached', async () => {
    const person = await api.join('provider');
    const post = api.postWith(({ signIn }) => ({
      signIn: { ...signIn, revoke: () => Promise.reject(new Error('down')) },
    }));
    expect((await post('/auth/logout', undefined, { token: person.accessToken })).status).toBe(204);
    expect(await api.isAlive(person.accessToken)).toBe(false);
  });

  test('asks Cognito nothing when there is no refresh token', async () => {
    const person = await api.join('provider');
    await api.ports.signIns.removeToken(String(decodeJwt(person.accessToken).origin_jti));
    let asked = 0;
    const post = api.postWith(({ signIn }) => ({
      signIn: {
        ...signIn,
        revoke: async () => {
          asked += 1;
        },
      },
    }));
    expect((await post('/auth/logout', undefined, { token: person.accessToken })).status).toBe(204);
    expect(asked).toBe(0);
  });

  test('needs a token', async () => {
    expectProblem(await api.post('/auth/logout'), 'unauthenticated');
  });
});

describe('creating a person', () => {
  const create = (body: object, post = api.post) => post('/users', body, { token: api.admin.accessToken });

  test('writes directory, membership and audit entry', async () => {
    const email = newEmail();
    const patient = 'A'.repeat(26);
    const answer = await create({ email, role: 'patient', patient });
    expect(answer.status).toBe(201);
    const { id = '' } = answer.body;
    expect(await api.ports.directory.principal(id)).toMatchObject({
      tenant: api.tenant,
      role: 'patient',
      roleVersion: 1,
      status: 'active',
      patient,
      createdBy: api.admin.subject,
    });
    expect((await rows('directory', `T#${api.tenant}#U`)).some(({ sk }) => sk?.S === id)).toBe(true);
    await expectEntry(answer, 'PRIVILEGE_CHANGE', {
      resource: 'Principal',
      resourceId: id,
      patient,
      actor: api.admin.subject,
    });
  });

  test('happens once for an address', async () => {
    const email = newEmail();
    expect((await create({ email, role: 'nurse' })).status).toBe(201);
    const again = expectProblem(await create({ email, role: 'admin' }), 'conflict');
    await expectEntry(again, 'REQUEST_REJECTED', { policy: 'person.exists' });
  });

  test('with the address of someone else leaves that one’s password alone', async () => {
    const person = await api.join('nurse');
    expectProblem(await create({ email: person.email, role: 'admin' }), 'conflict');
    expect((await login(person.email, person.password)).body.challenge).toBe('SOFTWARE_TOKEN_MFA');
  });

  test('removes no account that it did not add', async () => {
    const email = newEmail();
    await api.ports.accounts.create(email, `Synthetic-${crypto.randomUUID()}-A1!`);
    const failing = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: () => Promise.reject(Object.assign(new Error('down'), { $metadata: {} })),
      },
    }));
    expectProblem(await create({ email, role: 'nurse' }, failing), 'unavailable');
    expect(await api.ports.accounts.find(email)).toBeDefined();
  });

  test('is an admin’s alone', async () => {
    const nurse = await api.join('nurse');
    const answer = await api.post(
      '/users',
      { email: newEmail(), role: 'admin' },
      { token: nurse.accessToken },
    );
    await expectEntry(expectProblem(answer, 'not-permitted'), 'AUTHORIZATION_DENIED', {
      policy: 'users.create',
    });
  });

  test('leaves no account when the directory cannot be written, and one that was left is taken over', async () => {
    const email = newEmail();
    const down = () => Promise.reject(Object.assign(new Error('down'), { $metadata: {} }));
    const failing = api.postWith(({ directory }) => ({ directory: { ...directory, commit: down } }));
    expectProblem(await create({ email, role: 'nurse' }, failing), 'unavailable');
    expect(await api.ports.accounts.find(email)).toBeUndefined();
    const stuck = api.postWith(({ directory, accounts }) => ({
      directory: { ...directory, commit: down },
      accounts: { ...accounts, remove: down },
    }));
    expectProblem(await create({ email, role: 'nurse' }, stuck), 'unavailable');
    expect(await api.ports.accounts.find(email)).toBeDefined();
    const made = await create({ email, role: 'nurse' });
    expect(made.status).toBe(201);
    expect((await login(email, made.body.temporaryPassword ?? '')).body.challenge).toBe(
      'NEW_PASSWORD_REQUIRED',
    );
  });

  test('that the directory refused leaves no account', async () => {
    const email = newEmail();
    const refusing = api.postWith(({ directory }) => ({
      directory: { ...directory, commit: async () => false },
    }));
    expectProblem(await create({ email, role: 'nurse' }, refusing), 'conflict');
    expect(await api.ports.accounts.find(email)).toBeUndefined();
  });

  test('does not happen when the caller has lost the power meanwhile', async () => {
    const [email, leaver] = [newEmail(), await api.join('admin')];
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          await api.post(`/users/${leaver.subject}/suspend`, undefined, { token: api.admin.accessToken });
          return directory.commit(items);
        },
      },
    }));
    const answer = await post('/users', { email, role: 'nurse' }, { token: leaver.accessToken });
    await expectEntry(expectProblem(answer, 'conflict'), 'REQUEST_REJECTED', { policy: 'person.changed' });
    expect(await api.ports.accounts.find(email)).toBeUndefined();
  });

  test('that was committed counts, though the answer was lost', async () => {
    const email = newEmail();
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          await directory.commit(items);
          throw Object.assign(new Error('lost'), { $metadata: {} });
        },
      },
    }));
    const made = await create({ email, role: 'nurse' }, post);
    expect(made.status).toBe(201);
    await expectEntry(made, 'PRIVILEGE_CHANGE');
  });

  test.each([
    ['of another tenant', { tenant: 'tenant999999' }],
    ['by another administrator', { createdBy: '00000000-0000-4000-8000-000000000009' }],
    ['at another time', { createdAt: '2026-01-01T00:00:00.000Z' }],
  ])('whose answer was lost never tells the password of a person created %s', async (_case, other) => {
    const email = newEmail();
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          const change = Object.fromEntries(Object.entries(other).map(([name, S]) => [name, { S }]));
          const [first] = items;
          await directory.commit([
            { Put: { ...first?.Put, Item: { ...first?.Put?.Item, ...change } } as never },
          ]);
          throw Object.assign(new Error('lost'), { $metadata: {} });
        },
      },
    }));
    const refused = await create({ email, role: 'nurse' }, post);
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).not.toContain('temporaryPassword');
    expect(await api.ports.accounts.find(email)).toBeDefined();
  });

  test('that another request won leaves that one’s person alone', async () => {
    const email = newEmail();
    const post = api.postWith(({ directory }) => ({
      directory: {
        ...directory,
        commit: async (items) => {
          await directory.commit(items.slice(0, 2));
          return directory.commit(items);
        },
      },
    }));
    await expectEntry(
      expectProblem(await create({ email, role: 'nurse' }, post), 'conflict'),
      'REQUEST_REJECTED',
    );
    expect(await api.ports.accounts.find(email)).toBeDefined();
  });

  test('that is not audited does not happen', async () => {
    const email = newEmail();
    const answer = await create(
      { email, role: 'nurse' },
      api.postWith(() => ({}), { AUDIT_TABLE: 'missing' }),
    );
    const withoutPut = api.postWith(({ auditPut }) => ({
      auditPut: (entry) => ({ ...auditPut(entry), TableName: 'missing' }),
    }));
    expect(answer.status).toBe(201);
    expectProblem(await create({ email: `x${email}`, role: 'nurse' }, withoutPut), 'unavailable');
    expect(await api.ports.accounts.find(`x${email}`)).toBeUndefined();
  });
});

describe('creating a tenant', () => {
  const command = (change: object = {}) => ({
    command: 'create-tenant',
    name: 'Clinic',
    adminEmail: newEmail(),
    adminTrainedOn: today(),
    ...change,
  });
  const entriesOf = async (tenant: string) =>
    (await api.entries()).filter((entry) => entry.tenant === tenant);

  test('writes tenant, administrator and audit entry', async () => {
    const { tenant, admin } = await api.newTenant(command());
    expect(tenant).toMatch(/^[a-z0-9]{12}$/);
    expect(await api.ports.directory.tenant(tenant)).toMatchObject({ name: 'Clinic', status: 'active' });
    expect(await api.ports.directory.principal(admin.id)).toMatchObject({
      tenant,
      role: 'admin',
      status: 'active',
      trainedOn: today(),
    });
    expect(await entriesOf(tenant)).toMatchObject([
      {
        type: 'CONFIGURATION_CHANGE',
        operation: 'tenants.create',
        role: 'operator',
        resource: 'Tenant',
        resourceId: tenant,
      },
    ]);
  });

  test('repeated gives the same tenant until its administrator is enrolled', async () => {
    const same = command();
    const first = await api.newTenant(same);
    const second = await api.newTenant(same);
    expect(second.tenant).toBe(first.tenant);
    expect(await entriesOf(first.tenant)).toHaveLength(2);
    await expect(api.newTenant({ ...same, name: 'Another' })).rejects.toThrow('conflict');
    await api.enrol(same.adminEmail, second.admin.temporaryPassword);
    await expect(api.newTenant(same)).rejects.toThrow('conflict');
  });

  test('repeated gives no password of an administrator whose factors were reset, or who may not act', async () => {
    const first = command();
    const made = await api.newTenant(first);
    const admin = await api.enrol(first.adminEmail, made.admin.temporaryPassword);
    const second = newEmail();
    const wanted = { email: second, role: 'admin', trainedOn: today() };
    const { accessToken: token } = admin;
    const other = await api.post('/users', wanted, { token });
    const { accessToken } = await api.enrol(second, other.body.temporaryPassword ?? '');
    const path = `/users/${admin.subject}/reset-factors`;
    expect((await api.post(path, undefined, { token: accessToken })).status).toBeLessThan(300);
    await expect(api.newTenant(first)).rejects.toThrow('conflict');
    const third = command();
    const { admin: newcomer } = await api.newTenant(third);
    await api.cloud.edit(
      'directory',
      ({ pk, sk }) => pk?.S === `U#${newcomer.id}` && sk?.S === 'PRINCIPAL',
      (item) => ({ ...item, status: { S: 'suspended' } }),
    );
    await expect(api.newTenant(third)).rejects.toThrow('conflict');
  });

  test('for someone who is no administrator is refused', async () => {
    const nurse = await api.join('nurse');
    await expect(api.newTenant(command({ adminEmail: nurse.email }))).rejects.toThrow('conflict');
  });

  test.each([
    ['invalid-body', { name: '<b>' }],
    ['invalid-body', { name: '' }],
    ['invalid-body', { name: 7 }],
    ['invalid-body', { name: 'x'.repeat(101) }],
    ['invalid-body', { adminEmail: 'nobody' }],
    ['invalid-body', { adminEmail: `${'x'.repeat(250)}@example.org` }],
    ['invalid-body', { adminTrainedOn: undefined }],
    ['invalid-body', { adminTrainedOn: '2026-02-30' }],
    ['training-required', { adminTrainedOn: '2020-01-01' }],
    ['unknown-route', { command: 'delete-tenant' }],
    ['unknown-route', { tenant: 'tenant000001' }],
  ])('is refused as %s for %j', async (code, change) => {
    const before = (await api.entries()).length;
    await expect(api.newTenant(command(change))).rejects.toThrow(code);
    expect((await api.entries()).length).toBe(before + 1);
    await expect(api.newTenant(null)).rejects.toThrow('unknown-route');
  });

  test('without keys makes no tenant', async () => {
    const wanted = command();
    const createKeys = () => Promise.reject(Object.assign(new Error('down'), { $metadata: {} }));
    await expect(api.newTenant(wanted, () => ({ createKeys }))).rejects.toThrow('unavailable');
    expect(await api.ports.accounts.find(wanted.adminEmail)).toBeUndefined();
  });
});
