import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StepUpProofs, stepUpProofs } from '../../../lambdas/ports/step-up-proofs.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let proofs: StepUpProofs;
beforeAll(async () => {
  cloud = await startTestCloud();
  const clientFor = (tenant: string) => cloud.clientsFor(tenant).dynamodb;
  proofs = stepUpProofs({ table: cloud.tables.sessions, life: 300, clientFor });
});
afterAll(() => cloud?.stop());

const now = new Date('2026-11-22T10:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const newOwner = () => ({ tenant: 'tenant000001', subject: randomUUID(), session: randomUUID() });

test('a proof is good once', async () => {
  const owner = newOwner();
  const proof = await proofs.issue(owner, now);
  expect(await proofs.use(owner, proof, later(299))).toBe(true);
  expect(await proofs.use(owner, proof, later(299))).toBe(false);
});

test('of two uses at once one counts', async () => {
  const owner = newOwner();
  const proof = await proofs.issue(owner, now);
  const uses = await Promise.all([proofs.use(owner, proof, now), proofs.use(owner, proof, now)]);
  expect(uses.sort()).toEqual([false, true]);
});

test('a proof is over after five minutes', async () => {
  const owner = newOwner();
  expect(await proofs.use(owner, await proofs.issue(owner, now), later(300))).toBe(false);
});

test.each(['subject', 'session'] as const)('a proof of another %s is none, and stays good', async (part) => {
  const owner = newOwner();
  const proof = await proofs.issue(owner, now);
  expect(await proofs.use({ ...owner, [part]: randomUUID() }, proof, now)).toBe(false);
  expect(await proofs.use(owner, proof, now)).toBe(true);
});

test('a proof of another tenant is none', async () => {
  const owner = newOwner();
  const proof = await proofs.issue(owner, now);
  expect(await proofs.use({ ...owner, tenant: 'tenant000002' }, proof, now)).toBe(false);
});

test('a proof that nobody was given is none, and leaves nothing', async () => {
  const owner = newOwner();
  expect(await proofs.use(owner, 'p'.repeat(43), now)).toBe(false);
  const left = await cloud.items('sessions');
  expect(left.filter(({ pk }) => pk?.S?.includes(owner.subject))).toEqual([]);
});

test('whether a proof is good is not known when the service fails', async () => {
  const owner = newOwner();
  const proof = await proofs.issue(owner, now);
  const down = () => Promise.reject(new Error('down'));
  const use = answering(cloud.clientsFor(owner.tenant).dynamodb, 'UpdateItem', down, () =>
    proofs.use(owner, proof, now),
  );
  await expect(use).rejects.toThrow('down');
});

test('a proof is kept as its hash, until it is over', async () => {
  const owner = newOwner();
  const proof = await proofs.issue(owner, now);
  const [item] = (await cloud.items('sessions')).filter(({ pk }) => pk?.S?.includes(owner.subject));
  expect(item).toMatchObject({
    pk: { S: `T#tenant000001#U#${owner.subject}` },
    ttl: { N: String(now.getTime() / 1000 + 300) },
  });
  expect(JSON.stringify(item)).not.toContain(proof);
});
