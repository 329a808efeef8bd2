import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { directory } from '../../../lambdas/ports/directory.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';

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
