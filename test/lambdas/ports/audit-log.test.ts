import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { auditLog, auditPut, hotDays } from '../../../lambdas/ports/audit-log.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud.stop());

const tenant = 'tenant000001';
const entry: AuditEntry = {
  format: 1,
  id: '7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
  type: 'UNAUTHORIZED_ACCESS_ATTEMPT',
  time: '2026-11-22T10:20:30.456Z',
  tenant,
  operation: 'Patient.read',
  outcome: 'refused',
  status: 404,
  duration: 12,
  requestId: 'request-1',
  writer: '0'.repeat(26),
  writerCounter: 1,
  actor: 'subject-1',
  patient: 'A'.repeat(26),
};
const newLog = () => auditLog({ table: 'audit', clientFor: (name) => cloud.clientsFor(name).dynamodb });

describe('an entry’s item', () => {
  test('is found by day, actor, patient and high risk, and leaves no sooner than after six years', () => {
    const shard = '7'.charCodeAt(0) % 8;
    expect(auditPut('audit', entry).Item).toMatchObject({
      pk: { S: `T#${tenant}#E#2026-11-22#${shard}` },
      sk: { S: `2026-11-22T10:20:30.456Z#${entry.id}` },
      actorPk: { S: `T#${tenant}#U#subject-1` },
      patientPk: { S: `T#${tenant}#P#${'A'.repeat(26)}` },
      riskPk: { S: `T#${tenant}#K#UNAUTHORIZED_ACCESS_ATTEMPT#2026-11-22#${shard}` },
      ttl: { N: String(Math.floor(Date.parse(entry.time) / 1000) + hotDays * 86_400) },
    });
  });

  test('is in no index that it has nothing for', () => {
    const { actor: _actor, patient: _patient, ...rest } = entry;
    const { Item } = auditPut('audit', { ...rest, type: 'PHI_ACCESS' });
    expect(Object.keys(Item).sort()).toEqual(['entry', 'pk', 'sk', 'ttl']);
  });

  test('holds the entry in canonical form (RFC 8785)', () => {
    const text = auditPut('audit', entry).Item.entry?.S ?? '';
    expect(text.startsWith('{"actor":"subject-1","duration":12,"format":1,')).toBe(true);
    expect(JSON.parse(text)).toEqual(entry);
  });
});

describe('writing', () => {
  test('the same entry again is success', async () => {
    const log = newLog();
    await log.write(entry);
    await log.write({ ...entry, duration: 99 });
    const items = await cloud.items('audit');
    expect(items).toHaveLength(1);
    expect(JSON.parse(items[0]?.entry?.S ?? '{}')).toEqual(entry);
  });

  test.each([
    ['another writer’s', { writer: '1'.repeat(26) }],
    ['another one of the same writer', { writerCounter: 2 }],
  ])('over %s entry fails, for that request would have none', async (_name, change) => {
    await expect(newLog().write({ ...entry, ...change })).rejects.toThrow();
    expect(await cloud.items('audit')).toHaveLength(1);
  });

  test('to a table that is missing fails', async () => {
    const log = auditLog({ table: 'missing', clientFor: (name) => cloud.clientsFor(name).dynamodb });
    await expect(log.write(entry)).rejects.toThrow();
  });

  test('with another tenant’s credentials fails', async () => {
    const log = auditLog({ table: 'audit', clientFor: () => cloud.clientsFor('tenant000002').dynamodb });
    await expect(log.write({ ...entry, time: '2026-11-22T10:20:31.000Z' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

test('marks count up from 1, under a name of each environment’s own', () => {
  const [one, other] = [newLog(), newLog()];
  const marks = [one.mark(), one.mark(), other.mark()];
  expect(marks.map(({ writerCounter }) => writerCounter)).toEqual([1, 2, 1]);
  expect(marks[0]?.writer).toBe(marks[1]?.writer);
  expect(marks[0]?.writer).not.toBe(marks[2]?.writer);
});
