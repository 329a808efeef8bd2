import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import type { SessionsItem } from '../../../lambdas/domain/judge-session.ts';
import { sessionLimits } from '../../../lambdas/domain/session-limits.ts';
import { type SessionStore, sessionStore } from '../../../lambdas/ports/session-store.ts';
import { answering } from './answering.ts';

const now = new Date('2026-11-22T10:00:00Z');
const seconds = now.getTime() / 1000;
const key = {
  subject: randomUUID(),
  tenant: 'tenant000001',
  role: 'provider',
  roleVersion: 1,
  session: randomUUID(),
} as const;
/** An item of this minute with one live session. */
const itemOf = (session: string): SessionsItem => ({
  window: seconds / 60,
  n: 1,
  sessions: {
    [session]: {
      status: 'active',
      roleVersion: 1,
      startedAt: seconds,
      idleExpiresAt: seconds + 900,
      absoluteExpiresAt: seconds + 3600,
    },
  },
});
const refusedFor = (item: SessionsItem) =>
  new ConditionalCheckFailedException({ message: 'refused', $metadata: {}, Item: marshall(item) });

/** Uses a store whose updates end so, one after the other; the last one again and again. */
const storing = async <T>(ends: readonly (Error | undefined)[], use: (store: SessionStore) => Promise<T>) => {
  const dynamodb = new DynamoDBClient({ region: 'us-east-1' });
  const store = sessionStore({
    table: 'sessions',
    clientFor: () => dynamodb,
    limitsOf: sessionLimits(),
    directory: { principal: async () => undefined },
  });
  const updates: { readonly UpdateExpression?: string }[] = [];
  const answer = async (_real: unknown, input: object) => {
    updates.push(input);
    const end = ends[Math.min(updates.length, ends.length) - 1];
    if (end) throw end;
    return { output: {} };
  };
  const result = answering(dynamodb, 'UpdateItem', answer, () => use(store));
  const [settled] = await Promise.allSettled([result]);
  return { settled, updates };
};

test('a request that is refused again and again without a reason is not let through', async () => {
  const { settled, updates } = await storing([refusedFor(itemOf(key.session))], (store) =>
    store.checkContinued(key, now),
  );
  expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
  expect(updates).toHaveLength(8);
});

test('a table that fails is not taken for a session that is not known', async () => {
  const down = new Error('down');
  const { settled, updates } = await storing([down], (store) => store.checkContinued(key, now));
  expect(settled).toEqual({ status: 'rejected', reason: down });
  expect(updates).toHaveLength(1);
});

test('a session beside others that go on takes none of them away', async () => {
  const { settled, updates } = await storing([refusedFor(itemOf(randomUUID())), undefined], (store) =>
    store.start(key, { at: now }, now),
  );
  expect(settled.status).toBe('fulfilled');
  expect(updates.at(-1)?.UpdateExpression).toBe('SET #sessions.#session = :session, #ttl = :ttl');
});
