import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { throughConflicts } from '../../../lambdas/ports/through-conflicts.ts';

const canceled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: 'canceled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
const conflict = new TransactionConflictException({ message: 'conflict', $metadata: {} });

/** Writes that fail so, one after the other, before one succeeds. */
const writing = async (...failures: Error[]) => {
  let calls = 0;
  const written = throughConflicts(async () => {
    const failure = failures[calls];
    calls += 1;
    if (failure) throw failure;
    return 'written';
  });
  const [end] = await Promise.allSettled([written]);
  return { end, calls };
};

test('a write that met others is repeated until it succeeds', async () => {
  expect(await writing(conflict, canceled('None', 'TransactionConflict'))).toEqual({
    end: { status: 'fulfilled', value: 'written' },
    calls: 3,
  });
});

test('six times at most', async () => {
  expect(await writing(...Array<Error>(9).fill(conflict))).toEqual({
    end: { status: 'rejected', reason: conflict },
    calls: 6,
  });
});

test.each([
  ['a condition that failed', canceled('ConditionalCheckFailed', 'None')],
  ['a condition that failed beside a conflict', canceled('ConditionalCheckFailed', 'TransactionConflict')],
  ['a cancellation without a reason', canceled('None')],
  ['a throttled transaction', canceled('ThrottlingError')],
  ['another failure', new Error('down')],
])('%s is told at once', async (_case, failure) => {
  expect(await writing(failure)).toEqual({ end: { status: 'rejected', reason: failure }, calls: 1 });
});
