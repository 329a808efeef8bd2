import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { ApiError } from '../domain/api-error.ts';

/** What a sealed secret is for; part of its encryption context. */
export type VaultPurpose = 'challenge' | 'refresh';

/** Seals Cognito's sessions and refresh tokens, which never leave the platform (design.md §4). */
export interface Vault {
  readonly seal: (purpose: VaultPurpose, id: string, secret: string) => Promise<Uint8Array>;
  /** @throws ApiError `integrity-failure` when the seal is another purpose's or id's, or was altered. */
  readonly open: (purpose: VaultPurpose, id: string, sealed: Uint8Array) => Promise<string>;
}

/**
 * Sealing by KMS itself: a secret is at most 4 KB, and each is opened once.
 * @param options.key the ARN of the identity key.
 */
export const vault = ({ key, kms }: { readonly key: string; readonly kms: KMSClient }): Vault => ({
  seal: async (purpose, id, secret) => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({
        KeyId: key,
        EncryptionContext: { purpose, id },
        Plaintext: Buffer.from(secret, 'utf8'),
      }),
    );
    if (CiphertextBlob === undefined) throw new Error('KMS gave no ciphertext');
    return CiphertextBlob;
  },
  open: async (purpose, id, sealed) => {
    const { Plaintext } = await kms
      .send(new DecryptCommand({ KeyId: key, EncryptionContext: { purpose, id }, CiphertextBlob: sealed }))
      .catch((cause: unknown) => {
        const isAltered = cause instanceof Error && cause.name === 'InvalidCiphertextException';
        throw isAltered ? new ApiError('integrity-failure', { policy: 'vault', cause }) : cause;
      });
    if (Plaintext === undefined) throw new Error('KMS gave no plaintext');
    return Buffer.from(Plaintext).toString('utf8');
  },
});
