import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Vault, vault } from '../../../lambdas/ports/vault.ts';
import { startTestCloud, type TestCloud } from '../../emulator.ts';
import { answering } from './answering.ts';

let cloud: TestCloud;
let sealed: Vault;
beforeAll(async () => {
  cloud = await startTestCloud();
  const { KeyMetadata } = await cloud.root.kms.send(new CreateKeyCommand({}));
  sealed = vault({ key: KeyMetadata?.Arn ?? '', kms: cloud.root.kms });
});
afterAll(() => cloud?.stop());

test('a seal opens for its purpose and id, and is refused for another', async () => {
  const seal = await sealed.seal('refresh', 'session-1', 'secret');
  expect(await sealed.open('refresh', 'session-1', seal)).toBe('secret');
  const tampered = { code: 'integrity-failure', policy: 'vault' };
  await expect(sealed.open('refresh', 'session-2', seal)).rejects.toMatchObject(tampered);
  await expect(sealed.open('challenge', 'session-1', seal)).rejects.toMatchObject(tampered);
});

test('a service that fails has altered nothing', async () => {
  const down = () => Promise.reject(new Error('down'));
  const opening = answering(cloud.root.kms, 'Decrypt', down, () =>
    sealed.open('refresh', 'session-1', new Uint8Array(1)),
  );
  await expect(opening).rejects.toThrow('down');
});

test('an answer without what was asked for is no seal and no secret', async () => {
  const nothing = async () => ({ output: {} });
  const { kms } = cloud.root;
  await expect(
    answering(kms, 'Encrypt', nothing, () => sealed.seal('refresh', 'session-1', 'secret')),
  ).rejects.toThrow('KMS gave no ciphertext');
  await expect(
    answering(kms, 'Decrypt', nothing, () => sealed.open('refresh', 'session-1', new Uint8Array(1))),
  ).rejects.toThrow('KMS gave no plaintext');
});
