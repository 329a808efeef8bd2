import { randomBytes } from 'node:crypto';
import type { AttributeValue, DynamoDBClient, Put } from '@aws-sdk/client-dynamodb';
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import canonicalize from 'canonicalize';
import { auditEventTypes } from '../../model/audit-event-types.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { entryId } from '../domain/entry-id.ts';

/** Days that an entry stays in the table: while nothing seals it into the archive, six years and one (45 CFR 164.316(b)(2)(i)). */
export const hotDays = 2557;
const shards = 8;

/** An entry's place among the entries of one execution environment: a missing count tells of a lost entry. */
export interface AuditMark {
  readonly writer: string;
  readonly writerCounter: number;
}

/** The audit trail's writing side (design.md §6). */
export interface AuditLog {
  /** The next mark of this execution environment. */
  readonly mark: () => AuditMark;
  /**
   * Makes an entry durable; finding the same entry there is success.
   * @throws the service's error when that is not certain.
   */
  readonly write: (entry: AuditEntry) => Promise<void>;
}

/** An audit entry as DynamoDB takes it, on its own or in a transaction. */
export type AuditPut = Put & { Item: Record<string, AttributeValue> };

/** The `Put` of an entry, on its own or in a transaction with the change that it records. */
export const auditPut = (table: string, entry: AuditEntry): AuditPut => {
  const { id, tenant, time, type, actor, patient } = entry;
  const text = canonicalize(entry);
  if (text === undefined) throw new TypeError('an audit entry must be an object');
  const day = time.slice(0, 10);
  const shard = id.charCodeAt(0) % shards;
  const partition = `T#${tenant}#`;
  return {
    TableName: table,
    Item: {
      pk: { S: `${partition}E#${day}#${shard}` },
      sk: { S: `${time}#${id}` },
      entry: { S: text },
      ttl: { N: String(Math.floor(Date.parse(time) / 1000) + hotDays * 86_400) },
      ...(actor !== undefined && { actorPk: { S: `${partition}U#${actor}` } }),
      ...(patient !== undefined && { patientPk: { S: `${partition}P#${patient}` } }),
      ...(auditEventTypes[type].risk === 'high' && {
        riskPk: { S: `${partition}K#${type}#${day}#${shard}` },
      }),
    },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
};

const isSameRequest = (stored: string | undefined, { id, writer, writerCounter }: AuditEntry): boolean => {
  const entry: Partial<AuditEntry> = JSON.parse(stored ?? '{}');
  return entry.id === id && entry.writer === writer && entry.writerCounter === writerCounter;
};

/** The audit trail in DynamoDB, written with credentials that reach one tenant's keys only. */
export const auditLog = (options: {
  readonly table: string;
  readonly clientFor: (tenant: string) => DynamoDBClient;
}): AuditLog => {
  const writer = entryId(randomBytes(32).toString('hex'));
  let writerCounter = 0;
  return {
    mark: () => {
      writerCounter += 1;
      return { writer, writerCounter };
    },
    write: async (entry) => {
      try {
        await options.clientFor(entry.tenant).send(new PutItemCommand(auditPut(options.table, entry)));
      } catch (error) {
        const found = error instanceof ConditionalCheckFailedException ? error.Item?.entry?.S : undefined;
        if (found === undefined || !isSameRequest(found, entry)) throw error;
      }
    },
  };
};
