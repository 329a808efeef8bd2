import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Passkey } from '../domain/passkey.ts';

/** People's passkeys: what verifies them, for what signs never leaves an authenticator. */
export interface Passkeys {
  readonly list: (subject: string) => Promise<readonly Passkey[]>;
  readonly find: (subject: string, id: string) => Promise<Passkey | undefined>;
  /** What adds a passkey, for a transaction; it fails when the passkey is there already. */
  readonly addition: (subject: string, passkey: Passkey) => TransactWriteItem;
  /** What removes a passkey, for a transaction; it fails when there is none. */
  readonly removal: (subject: string, id: string) => TransactWriteItem;
  /** What makes a transaction fail when a passkey is there no more. */
  readonly check: (subject: string, id: string) => TransactWriteItem;
  /**
   * Notes a use and what the authenticator's counter said.
   * @returns false when the counter did not move on, which tells of a copied authenticator, or the passkey is gone.
   */
  readonly recordUse: (subject: string, id: string, counter: number, now: Date) => Promise<boolean>;
}

const prefix = 'PASSKEY#';
const keyOf = (subject: string, id: string): Record<string, AttributeValue> => ({
  pk: { S: `U#${subject}` },
  sk: { S: `${prefix}${id}` },
});
const passkeyOf = (item: Record<string, AttributeValue>): Passkey => {
  const { pk: _pk, sk: _sk, ...passkey } = unmarshall(item);
  return passkey as Passkey;
};

/** Passkeys in the directory, beside their owners. */
export const passkeys = ({
  table,
  dynamodb,
}: {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
}): Passkeys => ({
  list: async (subject) => {
    const { Items = [] } = await dynamodb.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: `U#${subject}` }, ':prefix': { S: prefix } },
        ConsistentRead: true,
      }),
    );
    return Items.map(passkeyOf);
  },
  find: async (subject, id) => {
    const { Item } = await dynamodb.send(
      new GetItemCommand({ TableName: table, Key: keyOf(subject, id), ConsistentRead: true }),
    );
    return Item && passkeyOf(Item);
  },
  addition: (subject, passkey) => ({
    Put: {
      TableName: table,
      Item: { ...keyOf(subject, passkey.id), ...marshall(passkey, { removeUndefinedValues: true }) },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  }),
  removal: (subject, id) => ({
    Delete: {
      TableName: table,
      Key: keyOf(subject, id),
      ConditionExpression: 'attribute_exists(pk)',
    },
  }),
  check: (subject, id) => ({
    ConditionCheck: {
      TableName: table,
      Key: keyOf(subject, id),
      ConditionExpression: 'attribute_exists(pk)',
    },
  }),
  recordUse: async (subject, id, counter, now) => {
    try {
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(subject, id),
          UpdateExpression: 'SET #counter = :counter, lastUsedAt = :now',
          ConditionExpression: counter === 0 ? '#counter = :counter' : '#counter < :counter',
          ExpressionAttributeNames: { '#counter': 'counter' },
          ExpressionAttributeValues: { ':counter': { N: String(counter) }, ':now': { S: now.toISOString() } },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  },
});
