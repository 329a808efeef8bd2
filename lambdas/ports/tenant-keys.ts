import type { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import { GenerateDataKeyWithoutPlaintextCommand } from '@aws-sdk/client-kms';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Branch } from '../../model/vocabulary.ts';
import { branches } from '../../model/vocabulary.ts';
import { branchKeyKey, currentBranchKeyKey } from '../domain/storage-keys.ts';

/** What the making of a tenant's keys needs. */
export interface TenantKeysOptions {
  readonly dynamodb: DynamoDBClient;
  readonly kms: KMSClient;
  readonly keyringTable: string;
  readonly fieldKeyArn: string;
  readonly tenant: string;
}

const isAlreadyThere = (error: unknown): boolean => {
  const { CancellationReasons: reasons = [] } = error as Partial<TransactionCanceledException>;
  return reasons.some(({ Code }) => Code === 'ConditionalCheckFailed');
};

const createBranchKey = async (
  { dynamodb, kms, keyringTable, fieldKeyArn, tenant }: TenantKeysOptions,
  branch: Branch,
): Promise<void> => {
  const { CiphertextBlob } = await kms.send(
    new GenerateDataKeyWithoutPlaintextCommand({
      KeyId: fieldKeyArn,
      KeySpec: 'AES_256',
      EncryptionContext: { tenant, compartment: branch },
    }),
  );
  const keys = [branchKeyKey(tenant, branch, 1), currentBranchKeyKey(tenant, branch)];
  try {
    await dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: keys.map((key) => ({
          Put: {
            TableName: keyringTable,
            Item: marshall({ ...key, version: 1, key: CiphertextBlob, createdAt: new Date().toISOString() }),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        })),
      }),
    );
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  }
};

/** Makes a tenant's branch keys, which no one sees in the clear; those that it already has are left alone. */
export const createTenantKeys = async (options: TenantKeysOptions): Promise<void> => {
  await Promise.all(branches.map((branch) => createBranchKey(options, branch)));
};
