import { randomUUID } from 'node:crypto';
import type { DynamoDBClient, UpdateItemCommand, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';
import type { VerifiedToken } from '../../../lambdas/ports/access-tokens.ts';
import { type Directory, directory } from '../../../lambdas/ports/directory.ts';
import {
  type SessionPrincipal,
  type SessionStore,
  sessionStore,
} from '../../../lambdas/ports/session-store.ts';
import type { Role } from '../../../model/vocabulary.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';

const tenant = 'tenant000001';
const home = { network: '203.0.113.0/24', agent: 'test' };
const otherNetwork = { ...home, network: '198.51.100.0/24' };
const otherAgent = { ...home, agent: 'curl' };
const elsewhere = { network: '198.51.100.0/24', agent: 'curl' };
const now = new Date('2026-11-22T10:00:00.500Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const refused = (policy: string) => expect.objectContaining({ code: 'unauthenticated', policy });

let cloud: TestCloud;
let people: Directory;
let store: SessionStore;
const storeWith = (principal: Directory['principal']): SessionStore =>
  sessionStore({
    table: 'sessions',
    clientFor: (id) => cloud.clientsFor(id).dynamodb,
    limitsOf: sessionLimits(),
    directory: { principal },
  });
beforeAll(async () => {
  cloud = await startTestCloud('identity');
  people = directory({ table: 'directory', dynamodb: cloud.root.dynamodb });
  store = storeWith(people.principal);
});
afterAll(() => cloud.stop());

const newPrincipal = async (
  role: Role = 'provider',
  change: Partial<DirectoryPrincipal> = {},
): Promise<SessionPrincipal> => {
  const principal = { subject: randomUUID(), tenant, role, roleVersion: 1, status: 'active' as const };
  await people.commit(people.principalPuts({ ...principal, ...change }, { at: now }));
  return {
    subject: principal.subject,
    tenant,
    role,
    roleVersion: 1,
    session: randomUUID(),
    client: 'client',
  };
};
const tokenOf = (principal: SessionPrincipal, signedIn = now, issued = signedIn): VerifiedToken => ({
  principal: { ...principal, scopes: new Set() },
  authenticatedAt: Math.floor(signedIn.getTime() / 1000),
  issuedAt: Math.floor(issued.getTime() / 1000),
  expiresAt: Math.floor(issued.getTime() / 1000) + 900,
});
const check = (principal: SessionPrincipal, at = now, from = home) =>
  store.check(tokenOf(principal), at, from);
const continued = (principal: SessionPrincipal, at = now, from = home) =>
  store.checkContinued(principal, at, from);
const signedIn = async (role?: Role): Promise<SessionPrincipal> => {
  const principal = await newPrincipal(role);
  await store.start(principal, { at: now, factor: 'totp' }, now, home);
  return principal;
};
const endAll = ({ subject }: SessionPrincipal, at = later(1)) =>
  people.commit([store.endAllUpdate(tenant, subject, at)]);
const itemOf = async ({ subject }: SessionPrincipal) =>
  (await cloud.items('sessions')).find(({ pk }) => pk?.S === `T#${tenant}#U#${subject}`);

describe('a session used from elsewhere', () => {
  test.each([
    ['another network', otherNetwork],
    ['another agent', otherAgent],
  ])('goes on when it is %s only', async (_case, from) => {
    const principal = await signedIn();
    await check(principal, now, from);
    await continued(principal, now, from);
    await check(principal);
  });

  test.each([
    ['in its minute', 1],
    ['in a later minute', 61],
  ])('by another agent in another network ends on that very request: %s', async (_case, after) => {
    const principal = await signedIn();
    await check(principal);
    const anomaly = expect.objectContaining({
      code: 'unauthenticated',
      event: 'SECURITY',
      policy: 'session.anomaly',
    });
    await expect(check(principal, later(after), elsewhere)).rejects.toThrow(anomaly);
    await expect(check(principal, later(after))).rejects.toThrow(refused('session.over'));
    await expect(continued(principal, later(after))).rejects.toThrow(refused('session.over'));
  });

  test('is not continued either, and ends', async () => {
    const principal = await signedIn();
    await expect(continued(principal, now, elsewhere)).rejects.toThrow(refused('session.anomaly'));
    await expect(check(principal)).rejects.toThrow(refused('session.over'));
  });

  test('ends too when neither network nor agent is known, here or there', async () => {
    const nowhere = { network: 'unknown', agent: '' };
    const principal = await newPrincipal();
    await expect(check(principal, now, nowhere)).rejects.toThrow(refused('session.anomaly'));
  });

  test('leaves the principal’s other sessions alone', async () => {
    const principal = await signedIn();
    const other = { ...principal, session: randomUUID() };
    await store.start(other, { at: now, factor: 'totp' }, now, elsewhere);
    await expect(check(principal, now, elsewhere)).rejects.toThrow(refused('session.anomaly'));
    await check(other, now, elsewhere);
  });

  test('is measured by its first use when the sign-in was not ours', async () => {
    const principal = await newPrincipal();
    await check(principal, now, elsewhere);
    await expect(check(principal, now, home)).rejects.toThrow(refused('session.anomaly'));
  });
});

describe('ending all sessions', () => {
  test('ends each on the next request, whatever its token says', async () => {
    const principal = await signedIn();
    const other = { ...principal, session: randomUUID() };
    await store.start(other, { at: now, factor: 'totp' }, now, home);
    await Promise.all([check(principal), check(other)]);
    expect(await endAll(principal)).toBe(true);
    for (const one of [principal, other]) {
      await expect(check(one, later(2))).rejects.toThrow(refused('session.over'));
      await expect(continued(one, later(2))).rejects.toThrow(refused('session.over'));
      await expect(check(one, later(62))).rejects.toThrow(refused('session.over'));
    }
    expect(await store.list(principal, later(2))).toEqual([]);
  });

  test('ends them though its clock is behind theirs', async () => {
    const principal = await signedIn();
    await endAll(principal, later(-30));
    await expect(check(principal)).rejects.toThrow(refused('session.over'));
  });

  test('ends nobody else’s, and lets one begin anew', async () => {
    const [principal, another] = [await signedIn(), await signedIn()];
    await endAll(principal);
    await check(another);
    const again = { ...principal, session: randomUUID() };
    await store.start(again, { at: later(2), factor: 'totp' }, later(2), home);
    await check(again, later(2));
    await expect(check(principal, later(2))).rejects.toThrow(refused('session.over'));
  });

  test.each([
    ['somebody who never had one', newPrincipal],
    ['somebody who has one', signedIn],
  ])('refuses a token of an earlier sign-in that was not used yet: of %s', async (_case, who) => {
    const principal = { ...(await who()), session: randomUUID() };
    await endAll(principal);
    const use = (when: Date) => store.check(tokenOf(principal, when), later(2), home);
    await expect(use(now)).rejects.toThrow(refused('session.over'));
    await expect(use(later(1))).rejects.toThrow(refused('session.over'));
    await use(later(2));
  });

  test('between the steps of a beginning one refuses that one', async () => {
    const principal = await newPrincipal();
    const racing = storeWith(async (subject) => {
      const known = await people.principal(subject);
      await endAll(principal, later(-30));
      return known;
    });
    await expect(racing.start(principal, { at: now, factor: 'totp' }, now, home)).rejects.toThrow(
      refused('session.over'),
    );
    expect(await store.list(principal, now)).toEqual([]);
  });

  test('keeps the item as long as a token of the time could live', async () => {
    const principal = await newPrincipal();
    await endAll(principal);
    const { ttl } = (await itemOf(principal)) ?? {};
    expect(Number(ttl?.N)).toBe(Math.floor(later(1).getTime() / 1000) + 2 * 86_400);
  });
});

describe('a session begins', () => {
  test.each([
    ['suspended', { status: 'suspended' }],
    ['removed', { status: 'removed' }],
    ['of another tenant', { tenant: 'tenant000002' }],
    ['of another role', { role: 'nurse' }],
    ['of another role version', { roleVersion: 2 }],
    ['of a patient record', { patient: 'A'.repeat(26) }],
    ['whose grant has expired', { grantExpiresAt: now.toISOString() }],
  ] as const)('never for someone %s', async (_case, change) => {
    const principal = await newPrincipal('provider', change);
    const from = refused('session.principal');
    await expect(store.start(principal, { at: now, factor: 'totp' }, now, home)).rejects.toThrow(from);
    await expect(check(principal)).rejects.toThrow(from);
    expect((await itemOf(principal))?.sessions).toEqual({ M: {} });
  });

  test.each<[string, string | undefined, boolean]>([
    ['the enrolment that was verified', '2026-11-22T10:00:00.000Z', true],
    ['another enrolment', '2026-11-22T10:00:00.001Z', false],
    ['an enrolment that was reset', undefined, false],
  ])('by %s, or not', async (_case, mfaEnrolledAt, begins) => {
    const principal = await newPrincipal('provider', mfaEnrolledAt === undefined ? {} : { mfaEnrolledAt });
    const beginning = { at: now, factor: 'totp', enrolment: '2026-11-22T10:00:00.000Z' } as const;
    const start = store.start(principal, beginning, now, home);
    if (begins) await start;
    else await expect(start).rejects.toThrow(refused('session.principal'));
  });

  test('for someone whose grant has not expired yet', async () => {
    const principal = await newPrincipal('provider', { grantExpiresAt: later(1).toISOString() });
    await check(principal);
  });

  test('never for someone whom the directory does not know', async () => {
    const principal = { ...(await newPrincipal()), subject: randomUUID() };
    await expect(check(principal)).rejects.toThrow(refused('session.principal'));
  });

  test('never by a token that was refreshed', async () => {
    const principal = await newPrincipal();
    const use = (issued: Date) => store.check(tokenOf(principal, now, issued), later(61), home);
    await expect(use(later(61))).rejects.toThrow(refused('session.unknown'));
    await use(later(60));
  });

  test('once, though it is begun twice at once', async () => {
    const principal = await newPrincipal();
    const ends = await Promise.all(
      [0, 1].map((second) =>
        store.start(principal, { at: later(second), factor: 'totp' }, later(second), home),
      ),
    );
    expect(new Set(ends).size).toBe(1);
    expect(await store.start(principal, { at: later(9), factor: 'totp' }, later(9), home)).toBe(ends[0]);
  });

  test('never again after it was ended', async () => {
    const principal = await signedIn();
    await store.end(principal, now);
    await store.start(principal, { at: now, factor: 'totp' }, now, home);
    await expect(check(principal)).rejects.toThrow(refused('session.over'));
  });
});

describe('the factor of a session', () => {
  test('is what it began with, until a stronger one is verified', async () => {
    const principal = await signedIn();
    expect(await continued(principal)).toEqual({ factor: 'totp' });
    await store.elevate(principal, 'passkey', now);
    expect(await continued(principal)).toEqual({ factor: 'passkey' });
  });

  test('is nothing where we verified none, and such a session is not continued', async () => {
    const principal = await newPrincipal();
    await check(principal);
    await expect(continued(principal)).rejects.toThrow(refused('session.unknown'));
  });

  test.each([
    ['unknown', async () => newPrincipal()],
    [
      'ended',
      async () => {
        const principal = await signedIn();
        await store.end(principal, now);
        return principal;
      },
    ],
    [
      'ended with all others',
      async () => {
        const principal = await signedIn();
        await endAll(principal);
        return principal;
      },
    ],
    ['of an older role', async () => ({ ...(await signedIn()), roleVersion: 2 })],
  ])('does not change when the session is %s', async (_case, who) => {
    const principal = await who();
    await expect(store.elevate(principal, 'passkey', now)).rejects.toThrow(refused('session.over'));
    expect(JSON.stringify((await itemOf(principal)) ?? {})).not.toContain('passkey');
  });

  test('does not change when the session is idle', async () => {
    const principal = await signedIn();
    await expect(store.elevate(principal, 'passkey', later(900))).rejects.toThrow(refused('session.over'));
  });
});

describe('the list of sessions', () => {
  test('names each live one, with what tells it apart', async () => {
    const principal = await signedIn();
    const other = { ...principal, session: randomUUID(), client: 'another' };
    await store.check(tokenOf(other, later(5)), later(6), elsewhere);
    const seconds = Math.floor(now.getTime() / 1000);
    expect(await store.list(principal, later(7))).toEqual(
      expect.arrayContaining([
        {
          id: principal.session,
          client: 'client',
          ...home,
          factor: 'totp',
          startedAt: seconds,
          idleExpiresAt: seconds + 900,
          expiresAt: seconds + 12 * 3600,
        },
        {
          id: other.session,
          client: 'another',
          ...elsewhere,
          startedAt: seconds + 5,
          idleExpiresAt: seconds + 6 + 900,
          expiresAt: seconds + 5 + 12 * 3600,
        },
      ]),
    );
  });

  test('leaves out what is over, and what is somebody else’s', async () => {
    const [principal, another] = [await signedIn(), await signedIn()];
    const other = { ...principal, session: randomUUID() };
    await store.start(other, { at: now, factor: 'totp' }, now, home);
    await store.end(other, now);
    const ids = async (at: Date, whose = principal) => (await store.list(whose, at)).map(({ id }) => id);
    expect(await ids(now)).toEqual([principal.session]);
    expect(await ids(now, another)).toEqual([another.session]);
    expect(await ids(later(899))).toEqual([principal.session]);
    expect(await ids(later(900))).toEqual([]);
    expect(await ids(now, { ...principal, roleVersion: 2 })).toEqual([]);
    expect(await ids(now, await newPrincipal())).toEqual([]);
  });
});

/** A store whose table gives the answers given, one after the other and the last one ever again, and what it was asked. */
const answered = (...answers: readonly (() => object)[]) => {
  const asked: UpdateItemCommandInput[] = [];
  const send = async ({ input }: UpdateItemCommand) => {
    asked.push(input);
    return answers[Math.min(asked.length, answers.length) - 1]?.();
  };
  const clientFor = () => ({ send }) as unknown as DynamoDBClient;
  const known = sessionStore({ table: 'sessions', clientFor, limitsOf: sessionLimits(), directory: people });
  return { store: known, asked };
};

describe('a table that gives no sense', () => {
  test('lets nobody through, and is not asked for ever', async () => {
    const principal = await signedIn();
    const item = await itemOf(principal);
    const window = Math.floor(now.getTime() / 60_000);
    const refusing = answered(() => {
      const Item = { ...item, window: { N: String(window) } };
      throw new ConditionalCheckFailedException({ message: '', $metadata: {}, Item });
    });
    await expect(refusing.store.check(tokenOf(principal), now, home)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(refusing.asked).toHaveLength(8);
  });

  test('begins no session', async () => {
    const silent = answered(() => ({}));
    const start = silent.store.start(await newPrincipal(), { at: now }, now, home);
    await expect(start).rejects.toThrow('an update gave no item');
  });
});

test('what is taken away at a beginning is named, or nothing is', async () => {
  const Attributes = marshall({ window: 0, n: 0, generation: 0, sessions: {} });
  const { store: watched, asked } = answered(() => ({ Attributes }));
  await watched.start(await newPrincipal(), { at: now }, now, home);
  expect(asked.map(({ UpdateExpression }) => UpdateExpression).join()).not.toContain('REMOVE');
});

test('ending one tells whether it is the principal’s', async () => {
  const [principal, another] = [await signedIn(), await signedIn()];
  expect(await store.end({ ...principal, session: another.session }, now)).toBe(false);
  expect(await store.end({ ...principal, session: 'constructor' }, now)).toBe(false);
  expect(await store.end(await newPrincipal(), now)).toBe(false);
  expect(await store.end(principal, now)).toBe(true);
  expect(await store.end(principal, later(1))).toBe(true);
  await check(another);
});

test.each([
  ['a machine', 'system', 600],
  ['a person', 'provider', 100],
] as const)('%s has a rate of its own', async (_who, role, most) => {
  const principal = await signedIn(role);
  await check(principal);
  await cloud.edit(
    'sessions',
    ({ pk }) => pk?.S === `T#${tenant}#U#${principal.subject}`,
    (item) => ({ ...item, n: { N: String(most - 1) } }),
  );
  await check(principal);
  await expect(check(principal)).rejects.toMatchObject({ code: 'rate-limited', policy: 'rate.principal' });
});
