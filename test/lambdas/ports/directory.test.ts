import { randomUUID } from 'node:crypto';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { directory } from '../../../lambdas/ports/directory.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud?.stop());

test('an enrolment of somebody who is not in the directory makes nobody', async () => {
  const people = directory({ table: cloud.tables.directory, dynamodb: cloud.root.dynamodb });
  const subject = randomUUID();
  await expect(people.recordEnrolment(subject, new Date())).rejects.toThrow();
  expect(await cloud.items('directory')).toEqual([]);
});

/** A commit whose transaction is cancelled, for a reason that lies in one of its items. */
const cancelled = (Code: string): Promise<boolean> => {
  const { dynamodb } = cloud.root;
  const people = directory({ table: cloud.tables.directory, dynamodb });
  const error = new TransactionCanceledException({
    message: Code,
    $metadata: {},
    CancellationReasons: [{ Code: 'None' }, { Code }],
  });
  return answering(
    dynamodb,
    'TransactWriteItems',
    () => Promise.reject(error),
    () => people.commit([]),
  );
};

test('a commit tells of what was there already', async () => {
  expect(await cancelled('ConditionalCheckFailed')).toBe(false);
});

test('a commit that met another transaction does not pass for one that found something there', async () => {
  await expect(cancelled('TransactionConflict')).rejects.toThrow('TransactionConflict');
});
