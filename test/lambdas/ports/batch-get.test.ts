import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { batchGet } from '../../../lambdas/ports/batch-get.ts';
import type { TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';

let cloud: TestCloud;
const key = (sk: string) => ({ pk: 'T#tenant000001#P#p', sk });
beforeAll(async () => {
  cloud = await startTestCloud();
  for (const [table, sk] of [
    ['records', 'a'],
    ['records', 'b'],
    ['keyring', 'a'],
  ] as const)
    await cloud.root.dynamodb.send(
      new PutItemCommand({ TableName: table, Item: marshall({ ...key(sk), value: `${table} ${sk}` }) }),
    );
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
afterAll(() => cloud?.stop());

type Answer = { output: { Responses: Record<string, unknown[]>; UnprocessedKeys: unknown } };
type Call = { input: { RequestItems: Record<string, { ConsistentRead?: boolean; Keys: unknown[] }> } };

/** A client whose calls leave keys unprocessed as DynamoDB does under load, so often. */
const busy = (times: number): { dynamodb: DynamoDBClient; asked: Call['input'][] } => {
  const asked: Call['input'][] = [];
  const dynamodb = new DynamoDBClient({
    credentials: { accessKeyId: '111122223333', secretAccessKey: 'root' },
  });
  const middleware = (next: (args: Call) => Promise<Answer>) => async (args: Call) => {
    asked.push(args.input);
    const answer = await next(args);
    if (asked.length > times) return answer;
    const records = args.input.RequestItems.records;
    const Responses = { ...answer.output.Responses, records: [] };
    return { ...answer, output: { ...answer.output, Responses, UnprocessedKeys: { records } } };
  };
  dynamodb.middlewareStack.add(middleware as never, { step: 'initialize' });
  return { dynamodb, asked };
};

test('items of several tables come from one consistent call; what does not exist is missing', async () => {
  const { dynamodb, asked } = busy(0);
  const find = await batchGet(dynamodb, { records: [key('a'), key('c')], keyring: [key('a')], audit: [] });
  expect(find('records', key('a'))?.value?.S).toBe('records a');
  expect(find('keyring', key('a'))?.value?.S).toBe('keyring a');
  expect(find('records', key('c'))).toBeUndefined();
  expect(asked).toHaveLength(1);
  expect(Object.keys(asked[0]?.RequestItems ?? {})).toEqual(['records', 'keyring']);
  expect(Object.values(asked[0]?.RequestItems ?? {}).map(({ ConsistentRead }) => ConsistentRead)).toEqual([
    true,
    true,
  ]);
});

test('nothing is asked for nothing', async () => {
  const { dynamodb, asked } = busy(0);
  const find = await batchGet(dynamodb, { records: [] });
  expect(find('records', key('a'))).toBeUndefined();
  expect(asked).toEqual([]);
});

test('what is left unprocessed is asked for again, and nothing else', async () => {
  const { dynamodb, asked } = busy(2);
  const find = await batchGet(dynamodb, { records: [key('a'), key('b')], keyring: [key('a')] });
  expect(find('records', key('b'))?.value?.S).toBe('records b');
  expect(find('keyring', key('a'))?.value?.S).toBe('keyring a');
  expect(asked.map(({ RequestItems }) => Object.keys(RequestItems))).toEqual([
    ['records', 'keyring'],
    ['records'],
    ['records'],
  ]);
});

test('what is still unprocessed after two seconds is unavailable, and never taken for missing', async () => {
  const { dynamodb } = busy(Number.POSITIVE_INFINITY);
  await expect(batchGet(dynamodb, { records: [key('a')] })).rejects.toThrow(
    expect.objectContaining({ code: 'unavailable' }),
  );
});
