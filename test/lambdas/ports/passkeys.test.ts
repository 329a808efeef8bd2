import { randomUUID } from 'node:crypto';
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Passkey, passkeyId } from '../../../lambdas/domain/passkey.ts';
import { type Passkeys, passkeys } from '../../../lambdas/ports/passkeys.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let store: Passkeys;
beforeAll(async () => {
  cloud = await startTestCloud();
  store = passkeys({ table: cloud.tables.directory, dynamodb: cloud.root.dynamodb });
});
afterAll(() => cloud?.stop());

const now = new Date('2026-11-22T10:00:00.000Z');
const commit = (...items: ReturnType<Passkeys['addition']>[]) =>
  cloud.root.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: items }));
const newPasskey = (change: Partial<Passkey> = {}): Passkey => {
  const credential = randomUUID();
  return {
    id: passkeyId(credential),
    credential,
    publicKey: Uint8Array.of(1, 2, 3),
    counter: 0,
    backupEligible: false,
    transports: ['internal'],
    enrolment: '2026-11-20T10:00:00.000Z',
    createdAt: now.toISOString(),
    ...change,
  };
};
const added = async (change: Partial<Passkey> = {}) => {
  const [subject, passkey] = [randomUUID(), newPasskey(change)];
  await commit(store.addition(subject, passkey));
  return { subject, passkey };
};

test('passkeys are found by their owner and id, and listed', async () => {
  const { subject, passkey } = await added({ name: 'Laptop' });
  expect(await store.find(subject, passkey.id)).toEqual(passkey);
  expect(await store.find(randomUUID(), passkey.id)).toBeUndefined();
  expect(await store.find(subject, passkeyId('another'))).toBeUndefined();
  const second = newPasskey();
  await commit(store.addition(subject, second));
  expect((await store.list(subject)).map(({ id }) => id).sort()).toEqual([passkey.id, second.id].sort());
  expect(await store.list(randomUUID())).toEqual([]);
});

test('a passkey is added once', async () => {
  const { subject, passkey } = await added();
  await expect(commit(store.addition(subject, passkey))).rejects.toThrow('ConditionalCheckFailed');
});

test('a passkey is removed once', async () => {
  const { subject, passkey } = await added();
  await commit(store.removal(subject, passkey.id));
  expect(await store.find(subject, passkey.id)).toBeUndefined();
  await expect(commit(store.removal(subject, passkey.id))).rejects.toThrow('ConditionalCheckFailed');
});

test('a passkey that is gone fails what rests on it', async () => {
  const { subject, passkey } = await added();
  await commit(store.check(subject, passkey.id));
  await commit(store.removal(subject, passkey.id));
  await expect(commit(store.check(subject, passkey.id))).rejects.toThrow('ConditionalCheckFailed');
});

test('a use is noted while the counter moves on', async () => {
  const { subject, passkey } = await added({ counter: 5 });
  const use = (counter: number) => store.recordUse(subject, passkey.id, counter, now);
  expect(await use(6)).toBe(true);
  expect(await store.find(subject, passkey.id)).toMatchObject({
    counter: 6,
    lastUsedAt: now.toISOString(),
  });
  for (const counter of [6, 5, 0]) expect(await use(counter)).toBe(false);
  expect((await Promise.all([use(7), use(7)])).sort()).toEqual([false, true]);
});

test('an authenticator that never counts stays at 0', async () => {
  const { subject, passkey } = await added();
  for (const _ of [1, 2]) expect(await store.recordUse(subject, passkey.id, 0, now)).toBe(true);
  expect(await store.recordUse(subject, passkey.id, 1, now)).toBe(true);
});

test('whether a use counts is not known when the service fails', async () => {
  const { subject, passkey } = await added();
  const down = () => Promise.reject(new Error('down'));
  const use = answering(cloud.root.dynamodb, 'UpdateItem', down, () =>
    store.recordUse(subject, passkey.id, 1, now),
  );
  await expect(use).rejects.toThrow('down');
});

test('a passkey that is gone has no use', async () => {
  for (const counter of [0, 1])
    expect(await store.recordUse(randomUUID(), passkeyId('gone'), counter, now)).toBe(false);
});
