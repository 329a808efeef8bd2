import { setTimeout as sleep } from 'node:timers/promises';
import type { AttributeValue, BatchGetItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { ApiError } from '../domain/api-error.ts';
import type { ItemKey } from '../domain/storage-keys.ts';

/** An item as DynamoDB has it. */
export type Item = Record<string, AttributeValue>;

const budgetMilliseconds = 2000;

const nameOf = (table: string, pk?: string, sk?: string): string => JSON.stringify([table, pk, sk]);

/**
 * Reads items of several tables in one call, consistently; what DynamoDB leaves unprocessed is asked for again.
 * @returns a look-up of the items that exist
 * @throws ApiError `unavailable` when some are still unprocessed after two seconds.
 */
export const batchGet = async (
  dynamodb: DynamoDBClient,
  wanted: { readonly [table: string]: readonly ItemKey[] },
): Promise<(table: string, key: ItemKey) => Item | undefined> => {
  const found = new Map<string, Item>();
  const deadline = Date.now() + budgetMilliseconds;
  let pending: NonNullable<BatchGetItemCommandInput['RequestItems']> = Object.fromEntries(
    Object.entries(wanted)
      .filter(([, keys]) => keys.length > 0)
      .map(([table, keys]) => [
        table,
        { ConsistentRead: true, Keys: keys.map(({ pk, sk }) => marshall({ pk, sk })) },
      ]),
  );
  for (let wait = 25; Object.keys(pending).length > 0; wait *= 2) {
    const { Responses = {}, UnprocessedKeys = {} } = await dynamodb.send(
      new BatchGetItemCommand({ RequestItems: pending }),
    );
    for (const [table, items] of Object.entries(Responses))
      for (const item of items) found.set(nameOf(table, item.pk?.S, item.sk?.S), item);
    pending = UnprocessedKeys;
    if (Object.keys(pending).length === 0) break;
    const pause = wait * (0.5 + Math.random());
    if (Date.now() + pause > deadline) throw new ApiError('unavailable');
    await sleep(pause);
  }
  return (table, { pk, sk }) => found.get(nameOf(table, pk, sk));
};
