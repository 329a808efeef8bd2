import { randomUUID } from 'node:crypto';
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';
import type { VerifiedToken } from '../../../lambdas/ports/access-tokens.ts';
import { directory } from '../../../lambdas/ports/directory.ts';
import { type SessionStore, sessionStore } from '../../../lambdas/ports/session-store.ts';
import { startClinicalApi, type TestApi, type TestPerson } from '../clinical-api.ts';

let api: TestApi;
/** Early in the next minute, so that nothing of a test crosses one unasked. */
const start = Math.ceil(Date.now() / 60_000) * 60_000 - 55_000;
beforeAll(async () => {
  api = await startClinicalApi();
});
afterAll(() => api.stop());

const minute = 60_000;
const from = { network: '203.0.113.0/24', agent: 'test' };
const path = `/patients/${'A'.repeat(26)}`;
const at = (time: number) => api.newFunction({}, () => new Date(time));
const newPerson = async (time: number, role: 'provider' | 'patient' = 'provider'): Promise<TestPerson> => {
  const patient = role === 'patient' ? 'A'.repeat(26) : undefined;
  const person = await api.newPerson(role, { ...(patient && { patient }) });
  return { ...person, token: await tokenAt(person, time, time, patient) };
};
const tokenAt = (
  person: TestPerson,
  time: number,
  authenticated = time,
  patient?: string,
): Promise<string> => {
  const iat = Math.floor(time / 1000);
  const claims = {
    ...api.claims(person, patient),
    iat,
    exp: iat + 900,
    auth_time: Math.floor(authenticated / 1000),
  };
  return api.issuer.sign(claims);
};
const store = (clientFor = (tenant: string) => api.cloud.clientsFor(tenant).dynamodb): SessionStore =>
  sessionStore({
    table: api.cloud.tables.sessions,
    clientFor,
    limitsOf: sessionLimits(),
    directory: directory({ table: api.cloud.tables.directory, dynamodb: api.cloud.root.dynamodb }),
  });

/** The token of a sign-in, as the chain has verified it. */
const tokenOf = ({ subject, tenant, role, session }: TestPerson, time: number): VerifiedToken => ({
  principal: { subject, tenant, role, session, roleVersion: 1, scopes: new Set(), client: api.client },
  issuedAt: Math.floor(time / 1000),
  authenticatedAt: Math.floor(time / 1000),
  expiresAt: Math.floor(time / 1000) + 900,
});

/** How many of a number of requests, ten at a time by turns of the stores, are let through. */
const admitted = async (
  count: number,
  time: number,
  tokens: readonly VerifiedToken[],
  stores: readonly SessionStore[],
): Promise<number> => {
  let sent = 0;
  let admittedCount = 0;
  const worker = async (store: SessionStore): Promise<void> => {
    while (sent < count) {
      sent += 1;
      const token = tokens[sent % tokens.length];
      try {
        if (token) await store.check(token, new Date(time), from);
        admittedCount += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'rate-limited' });
      }
    }
  };
  await Promise.all(
    Array.from({ length: 10 }, (_, index) => worker(stores[index % stores.length] as SessionStore)),
  );
  return admittedCount;
};

describe('100 requests a minute', () => {
  test('are allowed, and the 101st is refused with the seconds to wait, and audited', async () => {
    const person = await newPerson(start);
    const send = at(start);
    expect(await admitted(99, start, [tokenOf(person, start)], [store()])).toBe(99);
    expect((await send({ method: 'GET', path, token: person.token })).statusCode).toBe(404);
    const last = await send({ method: 'GET', path, token: person.token });
    expect([last.statusCode, JSON.parse(last.body).code]).toEqual([429, 'rate-limited']);
    expect(last.headers['retry-after']).toBe(String(60 - (Math.floor(start / 1000) % 60)));
    const entries = await api.entries();
    expect(entries.get(last.headers['x-request-id'] ?? '')).toMatchObject([
      { type: 'RATE_LIMIT_EXCEEDED', status: 429, policy: 'rate.principal' },
    ]);
  });

  test('are allowed exactly when two functions are asked at once', async () => {
    const token = tokenOf(await newPerson(start), start);
    expect(await admitted(130, start, [token], [store(), store()])).toBe(100);
  });

  test('count bad requests too', async () => {
    const person = await newPerson(start);
    const send = at(start);
    expect(
      (await send({ method: 'POST', path: '/patients', token: person.token, body: '{' })).statusCode,
    ).toBe(400);
    expect(await admitted(110, start, [tokenOf(person, start)], [store()])).toBe(99);
  });

  test('count every session of a person', async () => {
    const person = await newPerson(start);
    const tokens = [tokenOf(person, start), tokenOf({ ...person, session: crypto.randomUUID() }, start)];
    expect(await admitted(110, start, tokens, [store()])).toBe(100);
  });

  test('are allowed again in the next minute, exactly, though two functions begin it at once', async () => {
    const token = tokenOf(await newPerson(start), start);
    expect(await admitted(105, start, [token], [store()])).toBe(100);
    expect(await admitted(105, start + minute, [token], [store(), store()])).toBe(100);
  });

  test('are not renewed by a function whose clock is behind', async () => {
    const token = tokenOf(await newPerson(start), start);
    expect(await admitted(100, start + minute, [token], [store()])).toBe(100);
    expect(await admitted(1, start, [token], [store()])).toBe(0);
  });

  test('do not count another person’s', async () => {
    const [one, other] = [await newPerson(start), await newPerson(start)];
    expect(await admitted(101, start, [tokenOf(one, start)], [store()])).toBe(100);
    expect(await admitted(1, start, [tokenOf(other, start)], [store()])).toBe(1);
  });
});

describe('a session', () => {
  const refused = expect.objectContaining({ code: 'unauthenticated' });
  /** One sign-in of a person that is over, in a minute in which another one of theirs is in use. */
  const besideLive = async (began: number, lastUsed: number): Promise<Promise<void>> => {
    const over = await api.newPerson('provider');
    const live = { ...over, session: randomUUID() };
    const signIns = store();
    const key = { ...over, roleVersion: 1, client: api.client };
    await signIns.start(key, { at: new Date(began) }, new Date(lastUsed), from);
    await signIns.start({ ...key, session: live.session }, { at: new Date(start) }, new Date(start), from);
    await signIns.check(tokenOf(live, start), new Date(start), from);
    return signIns.check(tokenOf(over, start), new Date(start), from);
  };

  test('that is idle is over, though another one of the person is in use', async () => {
    await expect(besideLive(start - 60 * minute, start - 15 * minute)).rejects.toThrow(refused);
    await expect(besideLive(start - 60 * minute, start - 14 * minute)).resolves.toBeUndefined();
  });

  test('past its absolute limit is over, though another one of the person is in use', async () => {
    await expect(besideLive(start - 12 * 60 * minute, start)).rejects.toThrow(refused);
    await expect(besideLive(start - 11 * 60 * minute, start)).resolves.toBeUndefined();
  });

  test('goes on while requests come, and is over after 15 idle minutes of staff', async () => {
    const person = await newPerson(start);
    const call = async (time: number) =>
      (await at(time)({ method: 'GET', path, token: await tokenAt(person, time, start) })).statusCode;
    expect(await call(start)).toBe(404);
    expect(await call(start + 14 * minute)).toBe(404);
    expect(await call(start + 28 * minute)).toBe(404);
    expect(await call(start + 43 * minute)).toBe(401);
    expect(await call(start + 43 * minute)).toBe(401);
  });

  test('of a patient is over after 30 idle minutes', async () => {
    const person = await newPerson(start, 'patient');
    const call = async (time: number) =>
      (await at(time)({ method: 'GET', path, token: await tokenAt(person, time, start, 'A'.repeat(26)) }))
        .statusCode;
    expect(await call(start)).toBe(404);
    expect(await call(start + 29 * minute)).toBe(404);
    expect(await call(start + 59 * minute)).toBe(401);
  });

  test('is over after its absolute limit, whatever comes', async () => {
    const person = await newPerson(start);
    const call = async (time: number) => {
      const send = api.newFunction({ WORKFORCE_ABSOLUTE_SECONDS: '600' }, () => new Date(time));
      return (await send({ method: 'GET', path, token: await tokenAt(person, time, start) })).statusCode;
    };
    expect(await call(start)).toBe(404);
    expect(await call(start + 5 * minute)).toBe(404);
    expect(await call(start + 9 * minute)).toBe(404);
    expect(await call(start + 10 * minute)).toBe(401);
  });

  test('that was ended stays over, though its token could introduce one', async () => {
    const person = await newPerson(start);
    const send = at(start);
    expect((await send({ method: 'GET', path, token: person.token })).statusCode).toBe(404);
    await store().end(person, new Date(start));
    expect((await send({ method: 'GET', path, token: person.token })).statusCode).toBe(401);
    const other = { ...person, session: crypto.randomUUID() };
    expect((await send({ method: 'GET', path, token: await tokenAt(other, start) })).statusCode).toBe(404);
    expect((await send({ method: 'GET', path, token: person.token })).statusCode).toBe(401);
  });

  test('of an older role version is over', async () => {
    const person = await newPerson(start);
    expect((await at(start)({ method: 'GET', path, token: person.token })).statusCode).toBe(404);
    const iat = Math.floor(start / 1000);
    const claims = { ...api.claims(person), iat, exp: iat + 900, auth_time: iat, role_version: '2' };
    const token = await api.issuer.sign(claims);
    expect((await at(start)({ method: 'GET', path, token })).statusCode).toBe(401);
  });

  test('is forgotten only when no token of it can be alive', async () => {
    const person = await newPerson(start);
    const key = { ...person, roleVersion: 1, client: api.client };
    const sessions = store();
    await sessions.start(key, { at: new Date(start) }, new Date(start), from);
    await sessions.end(key, new Date(start));
    const startAnother = async (time: number) =>
      sessions.start({ ...key, session: crypto.randomUUID() }, { at: new Date(time) }, new Date(time), from);
    const known = async () =>
      (await api.cloud.items('sessions')).find(({ pk }) => pk?.S?.endsWith(person.subject))?.sessions?.M ??
      {};
    await startAnother(start + 16 * minute);
    expect(Object.keys(await known())).toContain(person.session);
    await startAnother(start + 17 * minute);
    expect(Object.keys(await known())).not.toContain(person.session);
    expect(Object.keys(await known())).toHaveLength(2);
  });

  test('is refused beyond a hundred of one person', async () => {
    const person = await newPerson(start);
    const sessions = store();
    const startAnother = () =>
      sessions.start(
        { ...person, roleVersion: 1, session: crypto.randomUUID(), client: api.client },
        { at: new Date(start) },
        new Date(start),
        from,
      );
    await startAnother();
    await api.cloud.edit(
      'sessions',
      ({ pk }) => pk?.S?.endsWith(person.subject) ?? false,
      (item) => {
        const [one] = Object.values(item.sessions?.M ?? {});
        const many = Array.from({ length: 99 }, (_, index) => [`session-${index}`, one] as const);
        return {
          ...item,
          sessions: { M: Object.fromEntries(many.flatMap(([id, it]) => (it ? [[id, it]] : []))) },
        };
      },
    );
    await startAnother();
    await expect(startAnother()).rejects.toMatchObject({ code: 'rate-limited' });
  });
});

test('without the sessions table nobody is let through', async () => {
  const { token } = await newPerson(start);
  const send = api.newFunction({ SESSIONS_TABLE: 'missing' }, () => new Date(start));
  expect((await send({ method: 'GET', path, token })).statusCode).toBe(503);
});

describe('ending the sessions through one client', () => {
  const endThrough = async ({ tenant, subject }: TestPerson, client: string, time: number): Promise<void> => {
    const item = store().endThroughUpdate(tenant, subject, client, new Date(time));
    await api.cloud.root.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [item] }));
  };
  const check = (token: VerifiedToken, time: number): Promise<void> =>
    store().check(token, new Date(time), from);
  const through = (person: TestPerson, client: string, session: string, time: number): VerifiedToken => {
    const token = tokenOf({ ...person, session }, time);
    return { ...token, principal: { ...token.principal, client } };
  };

  test('ends them on their next request, and no other', async () => {
    const person = await newPerson(start);
    const app = through(person, 'app0000000001', randomUUID(), start);
    const other = through(person, 'app0000000002', randomUUID(), start);
    const own = tokenOf(person, start);
    for (const token of [app, other, own]) await check(token, start);
    await endThrough(person, 'app0000000001', start + 1000);
    await expect(check(app, start + 2000)).rejects.toMatchObject({ policy: 'session.over' });
    for (const token of [other, own]) await check(token, start + 2000);
    const all = store(() => api.cloud.root.dynamodb);
    const views = await all.list(own.principal, new Date(start + 2000));
    expect(views.map(({ client }) => client).sort()).toEqual(['app0000000002', api.client]);
  });

  test('refuses a token of before that was not used yet, and accepts a later sign-in', async () => {
    const person = await newPerson(start);
    await endThrough(person, 'app0000000001', start + 1000);
    const early = through(person, 'app0000000001', randomUUID(), start + 1000);
    await expect(check(early, start + 2000)).rejects.toMatchObject({ policy: 'session.over' });
    await check(through(person, 'app0000000001', randomUUID(), start + 2000), start + 3000);
  });

  test('leaves the limits of the others as they were', async () => {
    const person = await newPerson(start);
    const own = tokenOf(person, start);
    await check(own, start);
    await endThrough(person, 'app0000000001', start + 1000);
    await expect(check(own, start + 15 * minute + 1000)).rejects.toMatchObject({ policy: 'session.over' });
  });
});
