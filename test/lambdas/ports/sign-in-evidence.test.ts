import { afterAll, beforeAll, expect, test } from 'vitest';
import { signInEvidence } from '../../../lambdas/ports/sign-in-evidence.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud?.stop());

const now = new Date('2026-11-22T12:00:00.000Z');

test('evidence holds for its subject, for a minute, and by its handle only', async () => {
  const evidence = signInEvidence({ table: cloud.tables.sessions, dynamodb: cloud.root.dynamodb });
  const handle = await evidence.record({ subject: 'subject-1', factor: 'passkey' }, now);
  expect(await evidence.factor(handle, 'subject-1', now)).toBe('passkey');
  expect(await evidence.factor(handle, 'subject-2', now)).toBeUndefined();
  expect(await evidence.factor(handle, 'subject-1', new Date(now.getTime() + 60_000))).toBeUndefined();
  expect(await evidence.factor(handle, 'subject-1', new Date(now.getTime() + 59_000))).toBe('passkey');
  expect(await evidence.factor(`${handle.slice(0, -1)}_`, 'subject-1', now)).toBeUndefined();
  expect(await evidence.factor(undefined, 'subject-1', now)).toBeUndefined();
  expect(JSON.stringify(await cloud.items('sessions'))).not.toContain(handle);
});
