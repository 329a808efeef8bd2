import { hash } from 'node:crypto';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Factor } from '../domain/directory-entry.ts';
import { newHandle } from './sign-in-store.ts';

/** What the sign-in façade has verified of a sign-in, for the token trigger to read (design.md §4). */
export interface SignInEvidence {
  /**
   * Records that a token asked for now may rest on a factor.
   * @returns the handle for Cognito's `ClientMetadata`, by which the trigger finds the record.
   */
  readonly record: (
    evidence: { readonly subject: string; readonly factor: Factor },
    now: Date,
  ) => Promise<string>;
  /** The factor behind a handle; nothing when it is unknown, somebody else's or over. */
  readonly factor: (handle: unknown, subject: string, now: Date) => Promise<Factor | undefined>;
}

/** Seconds in which the token must be asked for. */
const evidenceLife = 60;
/** The member of `ClientMetadata` that carries the handle. */
export const evidenceMember = 'evidence';

const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
const keyOf = (handle: string): Record<string, AttributeValue> => ({
  pk: { S: `E#${hash('sha256', handle, 'hex')}` },
  sk: { S: 'EVIDENCE' },
});

/**
 * Evidence in the sessions table. What is in `ClientMetadata` proves nothing by itself, for Cognito does not validate it: it
 * only finds a record that our own façade made, under a name of 256 random bits.
 */
export const signInEvidence = ({
  table,
  dynamodb,
}: {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
}): SignInEvidence => ({
  record: async ({ subject, factor }, now) => {
    const handle = newHandle();
    const expiresAt = { N: String(seconds(now) + evidenceLife) };
    await dynamodb.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...keyOf(handle), subject: { S: subject }, factor: { S: factor }, expiresAt, ttl: expiresAt },
      }),
    );
    return handle;
  },
  factor: async (handle, subject, now) => {
    if (typeof handle !== 'string') return undefined;
    const { Item } = await dynamodb.send(
      new GetItemCommand({ TableName: table, Key: keyOf(handle), ConsistentRead: true }),
    );
    const known = Item && (unmarshall(Item) as { subject: string; factor: Factor; expiresAt: number });
    const holds = known !== undefined && known.subject === subject && known.expiresAt > seconds(now);
    return holds ? known.factor : undefined;
  },
});
