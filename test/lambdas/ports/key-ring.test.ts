import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DisableKeyCommand,
  EnableKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
} from '@aws-sdk/client-kms';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { branchVersionsOf, newestKey, newPatientKeys } from '../../../lambdas/domain/patient-keys.ts';
import { branchKeyKey, currentBranchKeyKey } from '../../../lambdas/domain/storage-keys.ts';
import { keyRing } from '../../../lambdas/ports/key-ring.ts';
import { createTenantKeys } from '../../../lambdas/ports/tenant-keys.ts';
import type { Branch } from '../../../model/vocabulary.ts';
import { branches } from '../../../model/vocabulary.ts';
import type { RawItem, TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { observed } from '../counted-calls.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let tenant: string;
beforeAll(async () => {
  cloud = await startTestCloud();
});
beforeEach(async () => {
  tenant = await cloud.newTenant();
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => cloud?.stop());

const refusal = (code: string) => expect.objectContaining({ code });
const ours = ['identity', 'clinical', 'integrity'] as const;
const newRing = (maximumTenants?: number) => {
  const { clientsFor, calls } = observed(cloud.clientsFor);
  const ring = keyRing({
    clientsFor,
    keyringTable: cloud.tables.keyring,
    fieldKeyArn: cloud.fieldKeyArn,
    compartments: ours,
    ...(maximumTenants && { maximumTenants }),
  });
  return { ring, calls, decrypts: () => calls.filter(({ name }) => name === 'kms Decrypt').length };
};
const change = (branch: Branch, sk: string, by: (item: RawItem) => RawItem) =>
  cloud.edit('keyring', (item) => item.pk?.S === `T#${tenant}#B#${branch}` && item.sk?.S === sk, by);
const rotate = async (branch: Branch, version: number): Promise<void> => {
  const { CiphertextBlob } = await cloud.root.kms.send(
    new GenerateDataKeyWithoutPlaintextCommand({
      KeyId: cloud.fieldKeyArn,
      KeySpec: 'AES_256',
      EncryptionContext: { tenant, compartment: branch },
    }),
  );
  for (const key of [branchKeyKey(tenant, branch, version), currentBranchKeyKey(tenant, branch)])
    await cloud.root.dynamodb.send(
      new PutItemCommand({ TableName: 'keyring', Item: marshall({ ...key, version, key: CiphertextBlob }) }),
    );
};

test('a tenant has a branch key for each compartment and its indexes; none lies in the clear', async () => {
  const items = (await cloud.items('keyring')).filter(({ pk }) => pk?.S?.startsWith(`T#${tenant}#`));
  expect(items.map(({ pk, sk }) => `${pk?.S?.split('#').at(-1)} ${sk?.S}`).sort()).toEqual(
    branches.flatMap((branch) => [`${branch} CURRENT`, `${branch} v000001`]).sort(),
  );
  const { ring } = newRing();
  const { branches: opened } = await ring.tenantKeys(tenant);
  for (const compartment of ours) {
    const raw = opened.newest(compartment)?.key.export();
    expect(raw).toHaveLength(32);
    for (const { key } of items) expect(Buffer.from(key?.B ?? []).includes(raw ?? 'nothing')).toBe(false);
  }
});

test('making the keys of a tenant again changes nothing', async () => {
  const before = await cloud.items('keyring');
  const { dynamodb, kms } = cloud.root;
  await createTenantKeys({ dynamodb, kms, keyringTable: 'keyring', fieldKeyArn: cloud.fieldKeyArn, tenant });
  expect(await cloud.items('keyring')).toEqual(before);
});

test('what goes wrong while keys are made is not taken for keys that are there', async () => {
  const { dynamodb, kms } = cloud.root;
  const made = createTenantKeys({
    dynamodb,
    kms,
    keyringTable: 'missing',
    fieldKeyArn: cloud.fieldKeyArn,
    tenant,
  });
  await expect(made).rejects.toThrow();
});

test('keys are opened once, for requests at the same time too, and again after five minutes', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { ring, calls, decrypts } = newRing();
  await Promise.all([ring.tenantKeys(tenant), ring.tenantKeys(tenant)]);
  expect(decrypts()).toBe(ours.length + 1);
  vi.advanceTimersByTime(5 * 60_000 - 1);
  await ring.tenantKeys(tenant);
  expect(calls).toHaveLength(ours.length + 2);
  vi.advanceTimersByTime(1);
  await ring.tenantKeys(tenant);
  expect(decrypts()).toBe(2 * (ours.length + 1));
});

test('the keys of a bounded number of tenants are kept, those in use the longest', async () => {
  const { ring, decrypts } = newRing(1);
  const other = await cloud.newTenant();
  await ring.tenantKeys(tenant);
  await ring.tenantKeys(other);
  await ring.tenantKeys(other);
  expect(decrypts()).toBe(2 * (ours.length + 1));
  await ring.tenantKeys(tenant);
  expect(decrypts()).toBe(3 * (ours.length + 1));
});

test('a function has no key outside its compartments', async () => {
  const { branches: opened } = await newRing().ring.tenantKeys(tenant);
  expect(opened.newest('billing')).toBeUndefined();
  expect(opened.of('billing', 1)).toBeUndefined();
  expect(opened.of('identity', 2)).toBeUndefined();
});

test('new keys are wrapped by the current version; earlier ones are opened when they are needed', async () => {
  const patient = { tenant, patient: 'PATIENT0000000000000000001' };
  const { ring } = newRing();
  const stored = newPatientKeys(patient, ours, (await ring.tenantKeys(tenant)).branches);
  const raw = newestKey(await ring.patientKeys(stored), 'identity').key.export();
  await rotate('identity', 2);

  const { ring: later, calls } = newRing();
  const { branches: rotated } = await later.tenantKeys(tenant);
  expect(rotated.newest('identity')?.version).toBe(2);
  calls.length = 0;
  const [one, two] = [await later.patientKeys(stored), await later.patientKeys(stored)];
  expect(newestKey(one, 'identity').key.export().equals(raw)).toBe(true);
  expect(newestKey(two, 'identity').key.export().equals(raw)).toBe(true);
  expect(calls.map(({ name }) => name)).toEqual(['dynamodb BatchGetItem', 'kms Decrypt']);
  const fresh = newPatientKeys(patient, ['identity'], rotated);
  expect(branchVersionsOf(fresh)).toEqual([{ compartment: 'identity', version: 2 }]);
});

test('an earlier branch key that is gone is tampering', async () => {
  const { ring } = newRing();
  const { branches: opened } = await ring.tenantKeys(tenant);
  const stored = newPatientKeys({ tenant, patient: 'P' }, ['identity'], opened);
  const bytes = Buffer.from(stored.wrapped['identity.1'] ?? []);
  bytes.writeUInt16BE(7, 1);
  const claimed = { ...stored, wrapped: { 'identity.1': bytes } };
  await expect(ring.patientKeys(claimed)).rejects.toThrow(refusal('integrity-failure'));
});

test('keys in a compartment in which the function has no part are not opened', async () => {
  const { ring } = newRing();
  const all = { branches: (await newRing().ring.tenantKeys(tenant)).branches };
  const one = all.branches.newest('identity');
  const stored = newPatientKeys({ tenant, patient: 'P' }, ['billing'], {
    ...all.branches,
    newest: () => one,
  });
  const keys = await ring.patientKeys(stored);
  expect(() => keys.newest('billing')).toThrow(refusal('integrity-failure'));
});

test('a tenant without keys is not served', async () => {
  await expect(newRing().ring.tenantKeys('nosuchtenant')).rejects.toThrow(
    expect.objectContaining({ code: 'unavailable', policy: 'branch-keys' }),
  );
});

test.each([
  ["another compartment's key", { pk: 'clinical' }],
  ["another tenant's key", { pk: 'tenant' }],
])('%s in its place is refused by KMS: the encryption context binds it', async (_, { pk }) => {
  const other = await cloud.newTenant();
  const from = pk === 'tenant' ? `T#${other}#B#identity` : `T#${tenant}#B#clinical`;
  const stolen = (await cloud.items('keyring')).find(
    (item) => item.pk?.S === from && item.sk?.S === 'CURRENT',
  );
  await change('identity', 'CURRENT', (item) => ({ ...item, key: stolen?.key ?? { NULL: true } }));
  await expect(newRing().ring.tenantKeys(tenant)).rejects.toThrow(refusal('integrity-failure'));
});

test.each([
  ['without its ciphertext', { key: { S: 'x' } }],
  ['without its version', { version: { S: 'x' } }],
  ['with version 0', { version: { N: '0' } }],
  ['with a version beyond 16 bits', { version: { N: '65536' } }],
  ['with half a version', { version: { N: '1.5' } }],
] as const)('a branch key %s is refused', async (_, edit) => {
  await change('identity', 'CURRENT', (item) => ({ ...item, ...edit }) as RawItem);
  await expect(newRing().ring.tenantKeys(tenant)).rejects.toThrow(refusal('integrity-failure'));
});

test('a branch key of another length is refused', async () => {
  const cut = async (real: () => Promise<{ output: object }>) => {
    const answer = await real();
    return { ...answer, output: { ...answer.output, Plaintext: new Uint8Array(16) } };
  };
  const opening = answering(cloud.clientsFor(tenant).kms, 'Decrypt', cut, () =>
    newRing().ring.tenantKeys(tenant),
  );
  await expect(opening).rejects.toThrow(refusal('integrity-failure'));
});

test('a transaction that is cancelled for another reason is not taken for keys that are there', async () => {
  const { dynamodb, kms } = cloud.root;
  const cancel = () =>
    Promise.reject(
      Object.assign(new Error('cancelled'), { CancellationReasons: [{ Code: 'TransactionConflict' }] }),
    );
  const making = answering(dynamodb, 'TransactWriteItems', cancel, () =>
    createTenantKeys({ dynamodb, kms, keyringTable: 'keyring', fieldKeyArn: cloud.fieldKeyArn, tenant }),
  );
  await expect(making).rejects.toThrow('cancelled');
});

test('while KMS or the table fails nothing is served, and afterwards it is', async () => {
  const { ring } = newRing();
  await cloud.root.kms.send(new DisableKeyCommand({ KeyId: cloud.fieldKeyArn }));
  await expect(ring.tenantKeys(tenant)).rejects.toThrow(refusal('unavailable'));
  await cloud.root.kms.send(new EnableKeyCommand({ KeyId: cloud.fieldKeyArn }));
  expect((await ring.tenantKeys(tenant)).index).toBeDefined();
  const broken = keyRing({
    clientsFor: cloud.clientsFor,
    keyringTable: 'missing',
    fieldKeyArn: cloud.fieldKeyArn,
    compartments: ours,
  });
  await expect(broken.tenantKeys(tenant)).rejects.toThrow(refusal('unavailable'));
});
