import { randomUUID } from 'node:crypto';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
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
  expect(await people.recordEnrolment(subject, new Date(), new Date())).toBe(false);
  expect(await cloud.items('directory')).toEqual([]);
});

const reset = '2026-11-22T10:00:00.000Z';
const before = new Date('2026-11-22T09:59:59.999Z');
const same = new Date(reset);
const after = new Date('2026-11-22T10:00:00.001Z');
test.each<[string, Partial<DirectoryPrincipal>, Date | undefined, boolean]>([
  ['at first', {}, after, true],
  ['of a device enrolled elsewhere', {}, undefined, true],
  ['of another device', { mfaEnrolledAt: reset }, after, false],
  ['of a device that is recorded', { mfaEnrolledAt: reset }, undefined, false],
  ['in a sign-in begun before a reset', { mustEnrolSince: reset }, before, false],
  ['in a sign-in begun with a reset', { mustEnrolSince: reset }, same, false],
  ['in a sign-in begun after a reset', { mustEnrolSince: reset }, after, true],
  ['of a device from before a reset', { mustEnrolSince: reset }, undefined, false],
])('an enrolment %s is recorded or not', async (_case, state, begun, isRecorded) => {
  const people = directory({ table: cloud.tables.directory, dynamodb: cloud.root.dynamodb });
  const person: DirectoryPrincipal = {
    subject: randomUUID(),
    tenant: 'tenant000001',
    role: 'nurse',
    roleVersion: 1,
    status: 'active',
  };
  await people.commit(people.principalPuts({ ...person, ...state }, { at: before }));
  expect(await people.recordEnrolment(person.subject, after, begun)).toBe(isRecorded);
  const { mfaEnrolledAt, mustEnrolSince } = (await people.principal(person.subject)) ?? {};
  expect({ mfaEnrolledAt, mustEnrolSince }).toEqual(
    isRecorded
      ? { mfaEnrolledAt: after.toISOString() }
      : { mfaEnrolledAt: state.mfaEnrolledAt, mustEnrolSince: state.mustEnrolSince },
  );
});

test.each<[string, Partial<DirectoryPrincipal>, Partial<DirectoryPrincipal>, boolean]>([
  ['as read', {}, {}, true],
  ['suspended', { status: 'suspended' }, {}, false],
  ['of another role', { role: 'provider' }, {}, false],
  ['of another role version', { roleVersion: 2 }, {}, false],
  ['of another tenant', { tenant: 'tenant000002' }, {}, false],
  ['whose grant expires later', { grantExpiresAt: after.toISOString() }, {}, true],
  ['whose grant expires now', { grantExpiresAt: reset }, {}, false],
  ['of any enrolment', { mfaEnrolledAt: reset }, {}, true],
  ['of the enrolment read', { mfaEnrolledAt: reset }, { mfaEnrolledAt: reset }, true],
  ['of another enrolment', { mfaEnrolledAt: reset }, { mfaEnrolledAt: after.toISOString() }, false],
  ['of no enrolment any more', {}, { mfaEnrolledAt: reset }, false],
])('a transaction that rests on someone %s', async (_case, state, read, holds) => {
  const people = directory({ table: cloud.tables.directory, dynamodb: cloud.root.dynamodb });
  const person: DirectoryPrincipal = {
    subject: randomUUID(),
    tenant: 'tenant000001',
    role: 'nurse',
    roleVersion: 1,
    status: 'active',
  };
  await people.commit(people.principalPuts({ ...person, ...state }, { at: before }));
  expect(await people.commit([people.principalCheck({ ...person, ...read }, same)])).toBe(holds);
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
