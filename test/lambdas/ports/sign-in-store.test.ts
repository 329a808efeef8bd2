import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  newHandle,
  type RefreshOwner,
  type SignInStore,
  type StoredChallenge,
  signInStore,
} from '../../../lambdas/ports/sign-in-store.ts';
import { type Vault, vault } from '../../../lambdas/ports/vault.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let sealed: Vault;
let store: SignInStore;
beforeAll(async () => {
  cloud = await startTestCloud();
  const { KeyMetadata } = await cloud.root.kms.send(new CreateKeyCommand({}));
  sealed = vault({ key: KeyMetadata?.Arn ?? '', kms: cloud.root.kms });
  store = signInStore({ table: 'sessions', dynamodb: cloud.root.dynamodb, vault: sealed });
});
afterAll(() => cloud.stop());

const now = new Date('2026-11-22T10:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const owner = { subject: randomUUID(), tenant: 'tenant000001', role: 'provider' } as const;

describe('a challenge', () => {
  const challenge: StoredChallenge = {
    ...owner,
    challenge: 'SOFTWARE_TOKEN_MFA',
    account: 'account-1',
    begunAt: now.getTime(),
    username: 'jose.obrien@example.org',
    session: 'CognitoSessionSecret',
  };

  test('can be taken once', async () => {
    const handle = await store.saveChallenge(challenge, now);
    expect(handle).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await store.takeChallenge(handle, later(599))).toEqual(challenge);
    expect(await store.takeChallenge(handle, later(599))).toBeUndefined();
  });

  const within = { ...owner, session: randomUUID(), roleVersion: 2 };
  test.each<[string, StoredChallenge]>([
    ['of a step-up', { ...challenge, within }],
    ['to a passkey', { challenge: 'PASSKEY', nonce: newHandle() }],
    ['to a passkey in a session', { challenge: 'PASSKEY', nonce: newHandle(), within }],
    ['to make a passkey', { challenge: 'PASSKEY_REGISTRATION', nonce: newHandle(), within }],
  ])('%s can be taken as it was saved', async (_of, saved) => {
    const handle = await store.saveChallenge(saved, now);
    expect(await store.takeChallenge(handle, now)).toEqual(saved);
    expect(await store.takeChallenge(handle, now)).toBeUndefined();
  });

  test('is taken by one of two at once', async () => {
    const handle = await store.saveChallenge(challenge, now);
    const taken = await Promise.all([store.takeChallenge(handle, now), store.takeChallenge(handle, now)]);
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('is over after ten minutes', async () => {
    const handle = await store.saveChallenge(challenge, now);
    expect(await store.takeChallenge(handle, later(600))).toBeUndefined();
  });

  test('is not found by another handle', async () => {
    await store.saveChallenge(challenge, now);
    expect(await store.takeChallenge(newHandle(), now)).toBeUndefined();
  });

  test('leaves neither handle nor secret nor address in the table', async () => {
    const handle = await store.saveChallenge(challenge, now);
    await store.saveToken('session-1', 'CognitoRefreshSecret', 1_900_000_000);
    const raw = (await cloud.items('sessions')).map((item) =>
      JSON.stringify(item, (_key, value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      ),
    );
    const text = raw.join();
    expect(text).toContain('tenant000001');
    for (const secret of [handle, 'CognitoSessionSecret', 'CognitoRefreshSecret', 'jose.obrien@example.org'])
      expect(text).not.toContain(secret);
  });
});

describe('a sealed secret', () => {
  test('of a session is gone once removed', async () => {
    await store.saveToken('session-3', 'token', 1_900_000_000);
    expect(await store.token('session-3')).toBe('token');
    await store.removeToken('session-3');
    expect(await store.token('session-3')).toBeUndefined();
  });
});

describe('a refresh handle', () => {
  const continued = (): RefreshOwner => ({
    ...owner,
    roleVersion: 1,
    session: randomUUID(),
    expiresAt: Math.floor(now.getTime() / 1000) + 3600,
  });
  const newUse = async () => {
    const [handle, successor] = [newHandle(), newHandle()];
    const kept = continued();
    await store.saveHandle(handle, kept);
    const use = async (at: Date, client = 'one') =>
      (await store.useHandle(handle, { successor, client, now: at })).verdict;
    return { handle, successor, kept, use };
  };

  test('names whom it continues', async () => {
    const { handle, successor, kept } = await newUse();
    const use = await store.useHandle(handle, { successor, client: 'one', now });
    expect(use).toMatchObject({ verdict: 'first', owner: kept });
  });

  test('is used once; the same client may retry for ten seconds', async () => {
    const { use } = await newUse();
    expect(await use(now)).toBe('first');
    expect(await use(later(10))).toBe('retry');
    expect(await use(later(11))).toBe('reuse');
  });

  test('is reused when another client comes, at once', async () => {
    const { use } = await newUse();
    expect(await use(now)).toBe('first');
    expect(await use(now, 'another')).toBe('reuse');
  });

  test('is reused when its successor was used already', async () => {
    const { use, successor, kept } = await newUse();
    expect(await use(now)).toBe('first');
    await store.saveHandle(successor, kept);
    expect(await use(later(1))).toBe('retry');
    await store.useHandle(successor, { successor: newHandle(), client: 'one', now: later(2) });
    expect(await use(later(3))).toBe('reuse');
  });

  test('is judged without being used', async () => {
    const { handle, successor, use } = await newUse();
    const judge = async (client: string) =>
      (await store.judgeHandle(handle, { successor, client, now })).verdict;
    expect([await judge('one'), await judge('another')]).toEqual(['first', 'first']);
    expect(await use(now)).toBe('first');
    expect([await judge('one'), await judge('another')]).toEqual(['retry', 'reuse']);
    expect((await store.judgeHandle(newHandle(), { successor, client: 'one', now })).verdict).toBe('unknown');
  });

  test('is first used by one of two at once', async () => {
    const { use } = await newUse();
    const verdicts = await Promise.all([use(now), use(now), use(now)]);
    expect(verdicts.filter((verdict) => verdict === 'first')).toHaveLength(1);
  });

  test('that was used does not become good again', async () => {
    const { handle, kept, use } = await newUse();
    expect(await use(now)).toBe('first');
    await store.saveHandle(handle, kept);
    expect(await use(later(11))).toBe('reuse');
  });

  test('does not stand in the table itself', async () => {
    const { handle } = await newUse();
    expect(JSON.stringify(await cloud.items('sessions'))).not.toContain(handle);
  });

  test('is neither unknown nor reused when the table fails', async () => {
    const { use } = await newUse();
    const down = () => Promise.reject(new Error('down'));
    await expect(answering(cloud.root.dynamodb, 'UpdateItem', down, () => use(now))).rejects.toThrow('down');
    expect(await use(now)).toBe('first');
  });

  test('is unknown after the session’s end, and when there never was one', async () => {
    const { use } = await newUse();
    expect(await use(later(3600))).toBe('unknown');
    expect(await store.useHandle(newHandle(), { successor: newHandle(), client: 'one', now })).toEqual({
      verdict: 'unknown',
    });
  });
});

describe('failed verifications', () => {
  const attempts = (account: string, count: number, at: Date) =>
    Promise.allSettled(Array.from({ length: count }, () => store.countAttempt(account, at)));
  const allowed = (results: readonly PromiseSettledResult<void>[]): number =>
    results.filter(({ status }) => status === 'fulfilled').length;

  test('are five in 15 minutes, exactly, though they come at once', async () => {
    expect(allowed(await attempts('a-1', 9, now))).toBe(5);
    await expect(store.countAttempt('a-1', later(899))).rejects.toMatchObject({
      code: 'rate-limited',
      headers: { 'retry-after': '1' },
    });
    expect(allowed(await attempts('a-1', 9, later(900)))).toBe(5);
  });

  test('of an earlier quarter of an hour neither count nor make room', async () => {
    await attempts('a-7', 3, now);
    expect(allowed(await attempts('a-7', 9, later(900)))).toBe(5);
  });

  test('are an account’s own', async () => {
    await attempts('a-2', 5, now);
    expect(allowed(await attempts('a-3', 1, now))).toBe(1);
  });

  test('do not count what succeeded', async () => {
    for (let count = 0; count < 20; count += 1) {
      await store.countAttempt('a-4', now);
      await store.forgiveAttempt('a-4');
    }
    expect(allowed(await attempts('a-4', 6, now))).toBe(5);
  });

  test('cannot be forgiven below none', async () => {
    await store.countAttempt('a-5', now);
    for (let count = 0; count < 5; count += 1) await store.forgiveAttempt('a-5');
    expect(allowed(await attempts('a-5', 9, now))).toBe(5);
  });

  test('that can never be counted are not let through', async () => {
    const refused = new ConditionalCheckFailedException({
      message: 'refused',
      $metadata: {},
      Item: marshall({ n: 0, since: 0 }),
    });
    const counting = answering(
      cloud.root.dynamodb,
      'UpdateItem',
      () => Promise.reject(refused),
      () => store.countAttempt('a-8', now),
    );
    await expect(counting).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('are forgotten after a complete sign-in', async () => {
    await attempts('a-6', 5, now);
    await store.forgetAttempts('a-6');
    expect(allowed(await attempts('a-6', 1, now))).toBe(1);
  });
});

describe('a TOTP code', () => {
  test('can be used once while it could be valid', async () => {
    const code = newHandle();
    expect(await store.useCode(code, now)).toBe(true);
    expect(await store.useCode(code, later(119))).toBe(false);
    expect(await store.useCode(code, later(120))).toBe(true);
    expect(await store.useCode(newHandle(), now)).toBe(true);
  });

  test('is used by one of two at once', async () => {
    const code = newHandle();
    const uses = await Promise.all([store.useCode(code, now), store.useCode(code, now)]);
    expect(uses.sort()).toEqual([false, true]);
  });
});
