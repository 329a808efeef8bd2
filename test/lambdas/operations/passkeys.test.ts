import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Assertion, NewCredential } from '../../../lambdas/ports/relying-party.ts';
import type { AuditEventType } from '../../../model/audit-event-types.ts';
import type { ProblemCode } from '../../../model/problems.ts';
import {
  codeOf,
  type IdentityAnswer,
  type IdentityApi,
  type IdentityAsk,
  type IdentityPerson,
  newEmail,
  startIdentityApi,
} from '../identity-api.ts';
import {
  type Misbehaviour,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from '../software-authenticator.ts';

const origin = 'https://app.clinic.example';
type Json = Record<string, unknown>;

let api: IdentityApi;
beforeAll(async () => {
  api = await startIdentityApi({ administrativeFactor: 'passkey' });
});
afterAll(() => api.stop());

const expectEntry = async ({ headers, status }: IdentityAnswer, type: AuditEventType, more: object = {}) =>
  expect(await api.entries(headers['x-request-id'])).toMatchObject([{ type, status, ...more }]);
const expectProblem = (answer: IdentityAnswer, code: ProblemCode): IdentityAnswer => {
  expect(answer.body.code).toBe(code);
  return answer;
};
const bodyOf = (answer: IdentityAnswer): Json => {
  expect(answer.body).not.toHaveProperty('code');
  return answer.body;
};
const sessionOf = (token: string): string => String(decodeJwt(token).origin_jti);
const edit = (subject: string, change: (item: Json) => Json) =>
  api.cloud.edit(
    'directory',
    ({ pk, sk }) => pk?.S === `U#${subject}` && sk?.S === 'PRINCIPAL',
    change as Parameters<typeof api.cloud.edit>[2],
  );

/** A person who is enrolled, without help of an administrator, who could do nothing without a passkey of their own. */
const newPerson = async (role: 'nurse' | 'admin' = 'nurse'): Promise<IdentityPerson> => {
  const email = newEmail();
  const { tenant, admin } = await api.newTenant({
    command: 'create-tenant',
    name: 'Clinic',
    adminEmail: email,
    adminTrainedOn: new Date().toISOString().slice(0, 10),
  });
  expect(tenant).toBeDefined();
  if (role !== 'admin') await edit(admin.id, (item) => ({ ...item, role: { S: role } }));
  return api.enrol(email, admin.temporaryPassword);
};

type Asker = (path: string, body?: unknown, ask?: IdentityAsk) => Promise<IdentityAnswer>;
const as =
  ({ accessToken }: Pick<IdentityPerson, 'accessToken'>, post = api.post): Asker =>
  (path, body, ask) =>
    post(path, body, { token: accessToken, ...ask });

const register = async (
  ask: Asker,
  authenticator: SoftwareAuthenticator,
  wrong: Misbehaviour = {},
  change: (credential: NewCredential) => NewCredential = (same) => same,
): Promise<IdentityAnswer> => {
  const { session, options } = bodyOf(await ask('/passkeys/challenge')) as unknown as {
    session: string;
    options: Parameters<SoftwareAuthenticator['create']>[0];
  };
  const credential = change(authenticator.create(options, wrong));
  return ask('/passkeys', { session, credential, name: 'Ward laptop' });
};

const answerWith = async (
  begun: IdentityAnswer,
  authenticator: SoftwareAuthenticator,
  wrong: Misbehaviour = {},
  change: (assertion: Assertion) => Assertion = (same) => same,
  post = api.post,
): Promise<IdentityAnswer> => {
  const { challenge, session, options } = bodyOf(begun) as unknown as {
    challenge: string;
    session: string;
    options: Parameters<SoftwareAuthenticator['get']>[0];
  };
  const credential = change(authenticator.get(options, wrong));
  return post('/auth/challenge', { challenge, session, credential });
};
const stepUp = async (ask: Asker, authenticator: SoftwareAuthenticator, wrong: Misbehaviour = {}) =>
  answerWith(await ask('/auth/step-up', {}), authenticator, wrong);
const signIn = async (
  authenticator: SoftwareAuthenticator,
  wrong: Misbehaviour = {},
  change?: (assertion: Assertion) => Assertion,
  post = api.post,
) => answerWith(await post('/auth/passkey', {}), authenticator, wrong, change, post);

/** A person with a passkey, in the session in which they registered it. */
const withPasskey = async (role: 'nurse' | 'admin' = 'nurse', wrong: Misbehaviour = {}) => {
  const [person, authenticator] = [await newPerson(role), softwareAuthenticator(origin)];
  const { id } = bodyOf(await register(as(person), authenticator, wrong));
  return { person, authenticator, id: String(id) };
};
/** The same, after a step-up with it. */
const backedByPasskey = async (role: 'nurse' | 'admin' = 'nurse') => {
  const made = await withPasskey(role);
  expect((await stepUp(as(made.person), made.authenticator)).status).toBe(200);
  return made;
};
const suspended = (item: Json): Json => ({ ...item, status: { S: 'suspended' } });
const forgotten = ({ mfaEnrolledAt: _at, ...item }: Json): Json => item;
const enrolledAnew = (item: Json): Json => ({ ...item, mfaEnrolledAt: { S: new Date().toISOString() } });
/** The function, in which somebody else's change of a person comes before each of its own transactions. */
const overtaken = ({ subject }: Pick<IdentityPerson, 'subject'>, change: (item: Json) => Json) =>
  api.postWith(({ directory }) => ({
    directory: {
      ...directory,
      commit: async (items) => {
        await edit(subject, change);
        return directory.commit(items);
      },
    },
  }));
const old = () => new Date(Date.now() + 301_000);

describe('registering a passkey', () => {
  test('keeps its public part, under the audit trail', async () => {
    const person = await newPerson();
    const begun = await as(person)('/passkeys/challenge');
    await expectEntry(begun, 'AUTHENTICATION_CHALLENGED', { actor: person.subject });
    const answer = await register(as(person), softwareAuthenticator(origin));
    expect(answer.status).toBe(201);
    const id = String(answer.body.id);
    await expectEntry(answer, 'PRIVILEGE_CHANGE', {
      actor: person.subject,
      resource: 'Passkey',
      resourceId: id,
      policy: 'passkeys.register',
    });
    const { items } = bodyOf(await as(person)('/passkeys/_search', {}));
    expect(items).toEqual([
      { id, name: 'Ward laptop', backupEligible: false, createdAt: expect.any(String) },
    ]);
  });

  test('is asked for with the address of the account, and a user handle that tells nobody anything', async () => {
    const person = await newPerson();
    const { options } = bodyOf(await as(person)('/passkeys/challenge')) as { options: Json };
    expect(options).toMatchObject({
      rp: { id: 'clinic.example' },
      user: { name: person.email, id: Buffer.from(person.subject).toString('base64url') },
      excludeCredentials: [],
    });
  });

  test.each<[string, Misbehaviour]>([
    ['at another origin', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without its user verified', { userVerified: false }],
    ['with another algorithm', { algorithm: 'ES384' }],
    ['for another challenge', { challenge: 'x'.repeat(43) }],
  ])('%s is refused, and takes the challenge', async (_name, wrong) => {
    const person = await newPerson();
    const answer = expectProblem(
      await register(as(person), softwareAuthenticator(origin), wrong),
      'invalid-challenge',
    );
    await expectEntry(answer, 'AUTHENTICATION_FAILURE', {
      actor: person.subject,
      policy: 'passkey.invalid',
    });
    expect(bodyOf(await as(person)('/passkeys/_search', {})).items).toEqual([]);
  });

  test('takes a challenge once, of its own session, in its time', async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const authenticator = softwareAuthenticator(origin);
    const begin = async () =>
      bodyOf(await as(person)('/passkeys/challenge')) as unknown as {
        session: string;
        options: Parameters<SoftwareAuthenticator['create']>[0];
      };
    const send = (
      { session, options }: Awaited<ReturnType<typeof begin>>,
      ask: Asker,
      more: IdentityAsk = {},
    ) => ask('/passkeys', { session, credential: authenticator.create(options) }, more);
    const one = await begin();
    expectProblem(await send(one, as(other)), 'invalid-challenge');
    expectProblem(await send(one, as(person)), 'invalid-challenge');
    expectProblem(
      await send(await begin(), as(person), { at: new Date(Date.now() + 601_000) }),
      'invalid-challenge',
    );
    const inAnother = await signInByCode(person);
    expectProblem(await send(await begin(), as(inAnother)), 'invalid-challenge');
    expect((await send(await begin(), as(person))).status).toBe(201);
  });

  test('takes no challenge that was meant for a use', async () => {
    const { person, authenticator } = await backedByPasskey();
    const { session, options } = bodyOf(await api.post('/auth/passkey', {})) as {
      session: string;
      options: Json;
    };
    const credential = authenticator.create({
      rp: { id: 'clinic.example', name: 'x' },
      user: { id: 'eA', name: 'x', displayName: 'x' },
      challenge: String(options.challenge),
      pubKeyCredParams: [],
    });
    expectProblem(await as(person)('/passkeys', { session, credential }), 'invalid-challenge');
  });

  test('the second one needs a session that a passkey backs', async () => {
    const { person, authenticator } = await withPasskey();
    const refused = expectProblem(await as(person)('/passkeys/challenge'), 'step-up-required');
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", acr_values="passkey"',
    );
    await expectEntry(refused, 'AUTHENTICATION_FAILURE', { policy: 'passkeys.session' });
    expect((await stepUp(as(person), authenticator)).status).toBe(200);
    const second = await register(as(person), softwareAuthenticator(origin));
    expect(second.status).toBe(201);
    const { items } = bodyOf(await as(person)('/passkeys/_search', {})) as { items: Json[] };
    expect(items).toHaveLength(2);
  });

  test('the second one needs it at the end too, though there was none at the beginning', async () => {
    const person = await newPerson();
    const [first, second] = [softwareAuthenticator(origin), softwareAuthenticator(origin)];
    const begun = bodyOf(await as(person)('/passkeys/challenge')) as unknown as {
      session: string;
      options: Parameters<SoftwareAuthenticator['create']>[0];
    };
    expect((await register(as(person), first)).status).toBe(201);
    const late = await as(person)('/passkeys', {
      session: begun.session,
      credential: second.create(begun.options),
    });
    expectProblem(late, 'step-up-required');
  });

  test('the eleventh one is refused, at the beginning and at the end', async () => {
    const { person } = await backedByPasskey();
    for (let count = 1; count < 9; count += 1)
      expect((await register(as(person), softwareAuthenticator(origin))).status).toBe(201);
    const begun = bodyOf(await as(person)('/passkeys/challenge')) as unknown as {
      session: string;
      options: Parameters<SoftwareAuthenticator['create']>[0];
    };
    expect((await register(as(person), softwareAuthenticator(origin))).status).toBe(201);
    const credential = softwareAuthenticator(origin).create(begun.options);
    for (const answer of [
      await as(person)('/passkeys/challenge'),
      await as(person)('/passkeys', { session: begun.session, credential }),
    ])
      await expectEntry(expectProblem(answer, 'conflict'), 'REQUEST_REJECTED', { policy: 'passkeys.most' });
    const first = bodyOf(await as(person)('/passkeys/_search', { limit: 4 })) as {
      items: Json[];
      cursor: string;
    };
    const rest = bodyOf(await as(person)('/passkeys/_search', { cursor: first.cursor })) as { items: Json[] };
    const ids = [...first.items, ...rest.items].map(({ id }) => id);
    expect([first.items.length, ids.length, new Set(ids).size]).toEqual([4, 10, 10]);
    expect(rest).not.toHaveProperty('cursor');
  }, 60_000);

  test.each<[string, (item: Json) => Json]>([
    ['the person is suspended', suspended],
    [
      'a review takes their access away',
      (item) => ({ ...item, grantExpiresAt: { S: '2026-01-01T00:00:00.000Z' } }),
    ],
    ['the factors are reset', forgotten],
    ['the factors are reset and enrolled anew', enrolledAnew],
  ])('does not happen when %s meanwhile', async (_case, change) => {
    const person = await newPerson();
    const answer = await register(as(person, overtaken(person, change)), softwareAuthenticator(origin));
    await expectEntry(expectProblem(answer, 'conflict'), 'REQUEST_REJECTED', { policy: 'passkeys.changed' });
    expect(await api.ports.passkeys.list(person.subject)).toEqual([]);
  });

  test('needs an enrolment, at the beginning and at the end', async () => {
    const person = await newPerson();
    const begun = bodyOf(await as(person)('/passkeys/challenge')) as unknown as {
      session: string;
      options: Parameters<SoftwareAuthenticator['create']>[0];
    };
    await edit(person.subject, forgotten);
    const credential = softwareAuthenticator(origin).create(begun.options);
    for (const answer of [
      await as(person)('/passkeys/challenge'),
      await as(person)('/passkeys', { session: begun.session, credential }),
    ])
      await expectEntry(expectProblem(answer, 'not-permitted'), 'AUTHORIZATION_DENIED', {
        policy: 'passkeys.enrolment',
      });
  });

  test('without its audit entry does not happen', async () => {
    const person = await newPerson();
    const post = api.postWith(({ auditPut }) => ({
      auditPut: (entry) => ({ ...auditPut(entry), TableName: 'missing' }),
    }));
    expectProblem(await register(as(person, post), softwareAuthenticator(origin)), 'unavailable');
    expect(bodyOf(await as(person)('/passkeys/_search', {})).items).toEqual([]);
  });

  test('and all that goes with it is nothing for an application', async () => {
    const { person, id } = await backedByPasskey();
    const post = api.postWith(({ tokens }) => ({
      tokens: {
        verify: async (token, now) => {
          const verified = await tokens.verify(token, now);
          return { ...verified, principal: { ...verified.principal, client: 'application' } };
        },
      },
    }));
    const ask = as(person, post);
    for (const answer of [
      await ask('/passkeys/challenge'),
      await ask('/passkeys', { session: 'x'.repeat(43), credential: anyCredential }),
      await ask('/passkeys/_search', {}),
      await ask(`/passkeys/${id}`, undefined, { method: 'DELETE' }),
      await ask('/auth/step-up', {}),
    ])
      await expectEntry(expectProblem(answer, 'not-permitted'), 'AUTHORIZATION_DENIED', {
        policy: 'session.client',
      });
  });
});

const anyCredential = {
  id: 'eA',
  rawId: 'eA',
  type: 'public-key',
  response: { clientDataJSON: 'eA', attestationObject: 'eA' },
};

const signInByCode = async ({ email, password, totp }: IdentityPerson) => {
  const { challenge, session } = (await api.post('/auth/login', { email, password })).body;
  const { body } = await api.post('/auth/challenge', { challenge, session, code: codeOf(totp) });
  return {
    accessToken: body.accessToken ?? '',
    refreshToken: body.refreshToken ?? '',
    scope: body.scope ?? '',
  };
};

describe('removing a passkey', () => {
  const remove = (ask: Asker, id: string, more: IdentityAsk = {}) =>
    ask(`/passkeys/${id}`, undefined, { method: 'DELETE', ...more });

  test('takes it away, under the audit trail, and every session with it', async () => {
    const { person, authenticator, id } = await backedByPasskey();
    const other = await signInByCode(person);
    const answer = await remove(as(person), id);
    expect([answer.status, answer.body]).toEqual([204, {}]);
    await expectEntry(answer, 'PRIVILEGE_CHANGE', { resource: 'Passkey', resourceId: id });
    for (const { accessToken } of [person, other]) expect(await api.isAlive(accessToken)).toBe(false);
    expectProblem(await signIn(authenticator), 'invalid-challenge');
    const again = await signInByCode(person);
    expect(bodyOf(await as(again)('/passkeys/_search', {})).items).toEqual([]);
    expectProblem(await remove(as(again), id), 'not-found');
  });

  test('leaves an administrator one', async () => {
    const { person, id } = await backedByPasskey('admin');
    const answer = expectProblem(await remove(as(person), id), 'conflict');
    await expectEntry(answer, 'REQUEST_REJECTED', { policy: 'passkeys.last' });
    expect((await register(as(person), softwareAuthenticator(origin))).status).toBe(201);
    expect((await remove(as(person), id)).status).toBe(204);
  });

  test('leaves an administrator one, of two that go at once', async () => {
    const { person, authenticator, id } = await backedByPasskey('admin');
    const second = bodyOf(await register(as(person), softwareAuthenticator(origin)));
    const elsewhere = bodyOf(await signIn(authenticator)) as unknown as IdentityPerson;
    const answers = await Promise.all([remove(as(person), id), remove(as(elsewhere), String(second.id))]);
    expect(answers.filter(({ status }) => status === 204).length).toBeLessThanOrEqual(1);
    const left = await api.ports.passkeys.list(person.subject);
    expect(left.length).toBeGreaterThanOrEqual(1);
  });

  test('without its audit entry does not happen', async () => {
    const { person, authenticator, id } = await backedByPasskey();
    const post = api.postWith(({ auditPut }) => ({
      auditPut: (entry) => ({ ...auditPut(entry), TableName: 'missing' }),
    }));
    expectProblem(await remove(as(person, post), id), 'unavailable');
    expect((await signIn(authenticator)).status).toBe(200);
  });

  test('lets no session that it opened register another', async () => {
    const { person, authenticator, id } = await backedByPasskey();
    const thief = bodyOf(await signIn(authenticator)) as unknown as IdentityPerson;
    const begun = bodyOf(await as(thief)('/passkeys/challenge')) as unknown as {
      session: string;
      options: Parameters<SoftwareAuthenticator['create']>[0];
    };
    expect((await remove(as(person), id)).status).toBe(204);
    const credential = softwareAuthenticator(origin).create(begun.options);
    expectProblem(await as(thief)('/passkeys', { session: begun.session, credential }), 'unauthenticated');
    expectProblem(await api.post('/auth/refresh', { refreshToken: thief.refreshToken }), 'unauthenticated');
  });

  test('revokes at the user pool too, which may fail', async () => {
    const { person, id } = await backedByPasskey();
    const [signedOut, warnings]: [string[], string[]] = [[], []];
    const post = api.postWith(({ accounts }) => ({
      accounts: {
        ...accounts,
        signOut: (subject) => {
          signedOut.push(subject);
          return Promise.reject(new Error('down'));
        },
      },
      log: { request() {}, failure() {}, warn: (event) => warnings.push(event) },
    }));
    expect((await remove(as(person, post), id)).status).toBe(204);
    expect([signedOut, warnings]).toEqual([[person.subject], ['revocation-failed']]);
  });

  test('does not happen when the caller has lost the power meanwhile', async () => {
    const { person, authenticator, id } = await backedByPasskey();
    const answer = expectProblem(await remove(as(person, overtaken(person, suspended)), id), 'conflict');
    await expectEntry(answer, 'REQUEST_REJECTED', { policy: 'passkeys.changed' });
    await edit(person.subject, (item) => ({ ...item, status: { S: 'active' } }));
    expect((await signIn(authenticator)).status).toBe(200);
  });

  test('needs a session that a passkey backs', async () => {
    const { person, id } = await withPasskey();
    expectProblem(await remove(as(person), id), 'step-up-required');
    expect(bodyOf(await as(person)('/passkeys/_search', {})).items).toHaveLength(1);
  });

  test('needs a recent sign-in', async () => {
    const { person, id } = await backedByPasskey();
    const answer = expectProblem(await remove(as(person), id, { at: old() }), 'step-up-required');
    await expectEntry(answer, 'AUTHENTICATION_FAILURE', { policy: 'step-up.missing' });
  });

  test('of somebody else is like removing none', async () => {
    const [{ id }, { person }] = [await withPasskey(), await backedByPasskey()];
    await expectEntry(
      expectProblem(await remove(as(person), id), 'not-found'),
      'UNAUTHORIZED_ACCESS_ATTEMPT',
    );
  });
});

describe('a passkey of an enrolment that was reset', () => {
  test('opens nothing, and counts for nothing', async () => {
    const { person, authenticator, id } = await backedByPasskey();
    await edit(person.subject, enrolledAnew);
    const answer = expectProblem(await signIn(authenticator), 'invalid-challenge');
    await expectEntry(answer, 'AUTHENTICATION_FAILURE', { policy: 'passkey.unknown' });
    const ask = as(person);
    expect(bodyOf(await ask('/passkeys/_search', {})).items).toEqual([]);
    expectProblem(await ask(`/passkeys/${id}`, undefined, { method: 'DELETE' }), 'not-found');
    expect(bodyOf(await ask('/auth/step-up', {}))).toMatchObject({ options: { allowCredentials: [] } });
    expect((await ask('/auth/step-up', { password: person.password })).body.challenge).toBe(
      'SOFTWARE_TOKEN_MFA',
    );
    const anew = as(await signInByCode(person));
    expect((await register(anew, softwareAuthenticator(origin))).status).toBe(201);
  });

  test('steps nobody up by a challenge from before', async () => {
    const { person, authenticator } = await withPasskey();
    const begun = await as(person)('/auth/step-up', {});
    await edit(person.subject, forgotten);
    expectProblem(await answerWith(begun, authenticator), 'invalid-challenge');
  });

  test('ends a sign-in that it began meanwhile', async () => {
    const { person, authenticator } = await withPasskey();
    const post = api.postWith(({ signIn: client }) => ({
      signIn: {
        ...client,
        startVerified: async (...given) => {
          const step = await client.startVerified(...given);
          await edit(person.subject, enrolledAnew);
          return step;
        },
      },
    }));
    const answer = await signIn(authenticator, {}, undefined, post);
    await expectEntry(expectProblem(answer, 'unauthenticated'), 'AUTHENTICATION_FAILURE', {
      policy: 'session.principal',
    });
  });
});

describe('signing in with a passkey', () => {
  test('names nobody before, and the person after', async () => {
    const { person, authenticator } = await withPasskey();
    const begun = await api.post('/auth/passkey', {});
    expect(Object.keys(begun.body).sort()).toEqual(['challenge', 'options', 'session']);
    expect(bodyOf(begun)).toMatchObject({ options: { allowCredentials: [], userVerification: 'required' } });
    await expectEntry(begun, 'AUTHENTICATION_CHALLENGED', { tenant: 'platform' });
    const answer = await answerWith(begun, authenticator);
    expect(Object.keys(bodyOf(answer)).sort()).toEqual([
      'accessToken',
      'expiresIn',
      'refreshToken',
      'scope',
      'tokenType',
    ]);
    await expectEntry(answer, 'AUTHENTICATION_SUCCESS', {
      actor: person.subject,
      role: 'nurse',
      mfa: 'passkey',
    });
    expect(await api.isAlive(String(answer.body.accessToken))).toBe(true);
  });

  test('gives an administrator their scopes, and a password with a code does not', async () => {
    const { person, authenticator } = await withPasskey('admin');
    expect(person.scope).toBe('identity/session');
    expect((await signInByCode(person)).scope).toBe('identity/session');
    const { scope, refreshToken } = bodyOf(await signIn(authenticator)) as Record<string, string>;
    expect(scope?.split(' ')).toContain('identity/users.create');
    const continued = await api.post('/auth/refresh', { refreshToken });
    expect(bodyOf(continued).scope).toBe(scope);
    await expectEntry(continued, 'TOKEN_REFRESHED', { mfa: 'passkey' });
  });

  test.each<[string, Misbehaviour]>([
    ['at another origin', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without its user present', { userPresent: false }],
    ['without its user verified', { userVerified: false }],
    ['for another challenge', { challenge: 'x'.repeat(43) }],
    ['in a frame', { crossOrigin: true }],
  ])('%s is refused', async (_name, wrong) => {
    const { person, authenticator } = await withPasskey();
    const answer = expectProblem(await signIn(authenticator, wrong), 'invalid-challenge');
    await expectEntry(answer, 'AUTHENTICATION_FAILURE', {
      actor: person.subject,
      policy: 'passkey.invalid',
      mfa: 'none',
    });
  });

  const handleOf = (subject: string) => Buffer.from(subject).toString('base64url');
  test.each<[string, (subject: string) => string | undefined, string]>([
    ['that says whose it is not', () => undefined, 'passkey.owner'],
    ['that says no subject', () => handleOf('nobody'), 'passkey.owner'],
    ['of nobody', () => handleOf(randomUUID()), 'passkey.unknown'],
    ['of somebody else', (other) => handleOf(other), 'passkey.unknown'],
  ])('%s is refused', async (_name, userHandle, policy) => {
    const [{ authenticator }, other] = [await withPasskey(), await withPasskey()];
    const wrong = { userHandle: userHandle(other.person.subject) };
    const answer = expectProblem(await signIn(authenticator, wrong), 'invalid-challenge');
    await expectEntry(answer, 'AUTHENTICATION_FAILURE', { policy, tenant: 'platform' });
  });

  test('with a tampered signature is refused', async () => {
    const { authenticator } = await withPasskey();
    const tampered = ({ response, ...assertion }: Assertion): Assertion => ({
      ...assertion,
      response: { ...response, signature: `${response.signature.slice(0, -8)}AAAAAAAA` },
    });
    expectProblem(await signIn(authenticator, {}, tampered), 'invalid-challenge');
  });

  test('whose counter does not move on is refused as a copy', async () => {
    const { person, authenticator } = await withPasskey('nurse', { counter: 5 });
    expect((await signIn(authenticator)).status).toBe(200);
    for (const counter of [6, 5, 0]) {
      const answer = expectProblem(await signIn(authenticator, { counter }), 'invalid-challenge');
      await expectEntry(answer, 'SECURITY', {
        actor: person.subject,
        policy: 'passkey.counter',
        mfa: 'none',
      });
    }
  });

  test('takes a challenge once, in its time, and of its kind', async () => {
    const { person, authenticator } = await withPasskey();
    const begun = await api.post('/auth/passkey', {});
    expect((await answerWith(begun, authenticator)).status).toBe(200);
    expectProblem(await answerWith(begun, authenticator), 'invalid-challenge');
    const late = api.postWith(() => ({}));
    const second = await api.post('/auth/passkey', {});
    expectProblem(
      await answerWith(second, authenticator, {}, undefined, (path, body) =>
        late(path, body, { at: new Date(Date.now() + 601_000) }),
      ),
      'invalid-challenge',
    );
    const { session } = (await api.post('/auth/passkey', {})).body;
    const asCode = { challenge: 'SOFTWARE_TOKEN_MFA', session, code: codeOf(person.totp) };
    expectProblem(await api.post('/auth/challenge', asCode), 'invalid-challenge');
    const byPassword = await api.post('/auth/login', { email: person.email, password: person.password });
    const { options } = bodyOf(await api.post('/auth/passkey', {})) as { options: Json };
    const mixed = {
      challenge: 'PASSKEY',
      session: byPassword.body.session,
      credential: authenticator.get(options as unknown as Parameters<SoftwareAuthenticator['get']>[0]),
    };
    expectProblem(await api.post('/auth/challenge', mixed), 'invalid-challenge');
  });

  test.each(['suspended', 'removed'])('of someone who is %s is refused', async (status) => {
    const { person, authenticator } = await withPasskey();
    await edit(person.subject, (item) => ({ ...item, status: { S: status } }));
    const answer = expectProblem(await signIn(authenticator), 'invalid-challenge');
    await expectEntry(answer, 'AUTHENTICATION_FAILURE', { policy: 'passkey.unknown' });
  });

  test('is refused after five failures, though the passkey is right then', async () => {
    const [{ authenticator }, other] = [await withPasskey(), await withPasskey()];
    for (let count = 0; count < 5; count += 1)
      expectProblem(await signIn(authenticator, { userVerified: false }), 'invalid-challenge');
    await expectEntry(expectProblem(await signIn(authenticator), 'rate-limited'), 'RATE_LIMIT_EXCEEDED');
    expect((await signIn(other.authenticator)).status).toBe(200);
  });

  test('that succeeds forgets failures', async () => {
    const { authenticator } = await withPasskey();
    for (let round = 0; round < 2; round += 1) {
      for (let count = 0; count < 4; count += 1)
        expectProblem(await signIn(authenticator, { userVerified: false }), 'invalid-challenge');
      expect((await signIn(authenticator)).status).toBe(200);
    }
  });

  test('gives nothing when the user pool does not', async () => {
    const { authenticator } = await withPasskey();
    const refusing = api.postWith(({ signIn: client }) => ({
      signIn: { ...client, startVerified: async () => ({ refused: 'answer' as const }) },
    }));
    const answer = await signIn(authenticator, {}, undefined, refusing);
    await expectEntry(expectProblem(answer, 'invalid-challenge'), 'AUTHENTICATION_FAILURE', {
      policy: 'passkey.pool',
    });
  });
});

describe('a step-up', () => {
  test('by passkey gives a proof, and with the next refresh an administrator’s scopes', async () => {
    const { person, authenticator, id } = await withPasskey('admin');
    const begun = await as(person)('/auth/step-up', {});
    await expectEntry(begun, 'AUTHENTICATION_CHALLENGED', { actor: person.subject, mfa: 'none' });
    expect(bodyOf(begun)).toMatchObject({ challenge: 'PASSKEY', options: { rpId: 'clinic.example' } });
    const answer = await answerWith(begun, authenticator);
    expect(bodyOf(answer)).toEqual({ proof: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), expiresIn: 300 });
    await expectEntry(answer, 'AUTHENTICATION_SUCCESS', {
      actor: person.subject,
      role: 'admin',
      session: sessionOf(person.accessToken),
      client: api.ports.client,
      mfa: 'passkey',
    });
    const continued = bodyOf(await api.post('/auth/refresh', { refreshToken: person.refreshToken }));
    expect(String(continued.scope).split(' ')).toContain('identity/users.create');
    expect(id).toBeDefined();
  });

  test('by passkey asks for one of the person’s own, and takes no other', async () => {
    const [{ person, authenticator }, other] = [await withPasskey(), await withPasskey()];
    const begun = await as(person)('/auth/step-up', {});
    const { options, session } = bodyOf(begun) as {
      options: { allowCredentials: Json[] } & Json;
      session: string;
    };
    expect(options.allowCredentials).toHaveLength(1);
    const any = { ...options, allowCredentials: [] } as unknown as Parameters<
      SoftwareAuthenticator['get']
    >[0];
    const answer = await api.post('/auth/challenge', {
      challenge: 'PASSKEY',
      session,
      credential: other.authenticator.get(any),
    });
    expectProblem(answer, 'invalid-challenge');
    const unnamed = await stepUp(as(person), authenticator, { userHandle: undefined });
    expect(unnamed.status).toBe(200);
  });

  test('by password and code gives a proof, and no scope more', async () => {
    const person = await newPerson('admin');
    const begun = await as(person)('/auth/step-up', { password: person.password });
    expect(Object.keys(bodyOf(begun)).sort()).toEqual(['challenge', 'session']);
    const { challenge, session } = begun.body;
    const answer = await api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expect(Object.keys(bodyOf(answer)).sort()).toEqual(['expiresIn', 'proof']);
    await expectEntry(answer, 'AUTHENTICATION_SUCCESS', {
      actor: person.subject,
      session: sessionOf(person.accessToken),
      mfa: 'totp',
    });
    const continued = await api.post('/auth/refresh', { refreshToken: person.refreshToken });
    expect(continued.body.scope).toBe('identity/session');
  });

  test('by password is refused to who has a passkey, whether it is right or wrong', async () => {
    const { person } = await withPasskey();
    for (const password of [person.password, 'Wrong-password-1!']) {
      const answer = expectProblem(await as(person)('/auth/step-up', { password }), 'step-up-required');
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer error="insufficient_user_authentication", acr_values="passkey"',
      );
      await expectEntry(answer, 'AUTHENTICATION_FAILURE', { policy: 'step-up.passkey' });
    }
  });

  test('by password that began before the first passkey gives nothing after it', async () => {
    const person = await newPerson();
    const { challenge, session } = (await as(person)('/auth/step-up', { password: person.password })).body;
    expect((await register(as(person), softwareAuthenticator(origin))).status).toBe(201);
    const answer = await api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    await expectEntry(expectProblem(answer, 'step-up-required'), 'AUTHENTICATION_FAILURE', {
      policy: 'step-up.passkey',
    });
  });

  test('by password revokes tokens that Cognito gives at once', async () => {
    const person = await newPerson();
    const revoked: string[] = [];
    const post = api.postWith(({ signIn: client }) => ({
      signIn: {
        ...client,
        start: async () => ({ tokens: { accessToken: 'a', expiresIn: 1, refreshToken: 'r' } }),
        revoke: async (token) => {
          revoked.push(token);
        },
      },
    }));
    const { password } = person;
    expectProblem(await as(person, post)('/auth/step-up', { password }), 'invalid-credentials');
    expect(revoked).toEqual(['r']);
  });

  test('by password and code throws the tokens away that Cognito gives', async () => {
    const person = await newPerson();
    const given: string[] = [];
    const revoked: string[] = [];
    const post = api.postWith(({ signIn: client }) => ({
      signIn: {
        ...client,
        answer: async (...asked) => {
          const step = await client.answer(...asked);
          if ('tokens' in step) given.push(step.tokens.refreshToken ?? '');
          return step;
        },
        revoke: async (token) => {
          revoked.push(token);
          await client.revoke(token);
        },
      },
    }));
    const { challenge, session } = (await as(person)('/auth/step-up', { password: person.password })).body;
    const answer = await post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expect(answer.status).toBe(200);
    expect(given).toHaveLength(1);
    expect(revoked).toEqual(given);
    expect(await api.ports.signIn.refresh(given[0] ?? '')).toBeUndefined();
  });

  test('goes on with a code, and with nothing else', async () => {
    const person = await newPerson();
    const post = api.postWith(({ signIn: client }) => ({
      signIn: {
        ...client,
        start: async () => ({
          pending: { challenge: 'NEW_PASSWORD_REQUIRED', session: 's', username: person.subject },
        }),
      },
    }));
    expectProblem(
      await as(person, post)('/auth/step-up', { password: person.password }),
      'invalid-credentials',
    );
    const { challenge, session } = (await as(person)('/auth/step-up', { password: person.password })).body;
    const asking = api.postWith(({ signIn: client }) => ({
      signIn: {
        ...client,
        answer: async () => ({
          pending: { challenge: 'SOFTWARE_TOKEN_MFA', session: 's', username: person.subject },
        }),
      },
    }));
    const answer = await asking('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expectProblem(answer, 'invalid-challenge');
  });

  test('that succeeds, or is passed on, is no failed one', async () => {
    const person = await newPerson();
    const email = person.email.toLowerCase();
    const account = await api.ports.signIn.digest('account', email);
    const failures = async () =>
      (await api.cloud.items('sessions')).find(({ pk }) => pk?.S === `A#${account}`)?.n?.N;
    const wrong = { password: 'Wrong-password-1!' };
    expectProblem(await as(person)('/auth/step-up', wrong), 'invalid-credentials');
    const { challenge, session } = (await as(person)('/auth/step-up', { password: person.password })).body;
    expect(await failures()).toBe('1');
    await api.post('/auth/challenge', { challenge, session, code: codeOf(person.totp) });
    expect(await failures()).toBeUndefined();
  });

  test('of an account without an address is refused', async () => {
    const person = await newPerson();
    const post = api.postWith(({ accounts }) => ({
      accounts: { ...accounts, emailOf: async () => undefined },
    }));
    const { password } = person;
    expectProblem(await as(person, post)('/auth/step-up', { password }), 'invalid-credentials');
    expectProblem(await as(person, post)('/passkeys/challenge'), 'unavailable');
  });

  test('by a wrong password is refused, and counts as a sign-in’s does', async () => {
    const person = await newPerson();
    for (let count = 0; count < 5; count += 1)
      expectProblem(
        await as(person)('/auth/step-up', { password: 'Wrong-password-1!' }),
        'invalid-credentials',
      );
    expectProblem(await as(person)('/auth/step-up', { password: person.password }), 'rate-limited');
    const { email, password } = person;
    expectProblem(await api.post('/auth/login', { email, password }), 'rate-limited');
  });

  test('in a session that has ended meanwhile gives nothing', async () => {
    const { person, authenticator } = await withPasskey();
    const begun = await as(person)('/auth/step-up', {});
    await as(person)('/auth/logout');
    expectProblem(await answerWith(begun, authenticator), 'unauthenticated');
  });

  test('needs a token', async () => {
    expectProblem(await api.post('/auth/step-up', {}), 'unauthenticated');
  });
});

describe('a sensitive operation', () => {
  /** Long after the sign-in, as far as the token says. */
  const begin = (person: Pick<IdentityPerson, 'accessToken'>, proof?: string, at?: Date) => {
    const post = api.postWith(({ tokens }) => ({
      tokens: {
        verify: async (token, now) => ({ ...(await tokens.verify(token, now)), authenticatedAt: 0 }),
      },
    }));
    return as(person, post)('/passkeys/challenge', undefined, { proof, ...(at && { at }) });
  };

  test('long after the sign-in needs a proof, which is good once', async () => {
    const { person, authenticator } = await withPasskey();
    const missing = expectProblem(await begin(person), 'step-up-required');
    expect(missing.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", max_age=300',
    );
    await expectEntry(missing, 'AUTHENTICATION_FAILURE', {
      actor: person.subject,
      policy: 'step-up.missing',
      problem: 'step-up-required',
    });
    const { proof } = (await stepUp(as(person), authenticator)).body;
    expect((await begin(person, proof)).status).toBe(200);
    const again = expectProblem(await begin(person, proof), 'step-up-required');
    await expectEntry(again, 'AUTHENTICATION_FAILURE', { policy: 'step-up.proof' });
  });

  test('takes no proof of another session or person, which stays good', async () => {
    const { person, authenticator } = await withPasskey();
    const [again, other] = [await signInByCode(person), await newPerson()];
    const { proof } = (await stepUp(as(person), authenticator)).body;
    for (const thief of [again, other]) expectProblem(await begin(thief, proof), 'step-up-required');
    expect((await begin(person, proof)).status).toBe(200);
  });

  test('takes no proof that is five minutes old', async () => {
    const { person, authenticator } = await withPasskey();
    const { proof } = (await stepUp(as(person), authenticator)).body;
    const late = new Date(Date.now() + 300_000);
    expectProblem(await begin(person, proof, late), 'step-up-required');
  });
});
