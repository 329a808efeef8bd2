import { paginateQuery } from '@aws-sdk/client-dynamodb';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import type { AuditEventType } from '../../model/audit-event-types.ts';
import type { Answer } from './client.ts';
import type { Cloud } from './cloud.ts';
import { itemsOf } from './cloud.ts';

/** Where a tenant's entries are. */
export interface Trail {
  readonly table: string;
  readonly tenant: string;
}

/** The tenant of entries about requests without a principal. */
const platform = 'platform';
const shards = 8;
const days = new Set<string>();

const entriesIn = async (
  { dynamodb }: Cloud,
  table: string,
  partition: string,
  requestId?: string,
): Promise<readonly AuditEntry[]> => {
  const filter = requestId && {
    FilterExpression: 'contains(#entry, :request)',
    ExpressionAttributeNames: { '#entry': 'entry' },
  };
  const entries: AuditEntry[] = [];
  for await (const { Items = [] } of paginateQuery(
    { client: dynamodb },
    {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :partition',
      ExpressionAttributeValues: {
        ':partition': { S: partition },
        ...(requestId && { ':request': { S: requestId } }),
      },
      ...filter,
    },
  ))
    for (const { entry } of Items) entries.push(JSON.parse(entry?.S ?? '{}') as AuditEntry);
  return entries;
};

/** Every audit entry of a tenant and the platform; or those of one request, which are its tenant's or the platform's. */
export const auditEntries = async (
  cloud: Cloud,
  { table, tenant }: Trail,
  requestId?: string,
): Promise<readonly AuditEntry[]> => {
  days.add(new Date().toISOString().slice(0, 10));
  const entriesOf = async (owner: string): Promise<readonly AuditEntry[]> => {
    const partitions = [...days].flatMap((day) =>
      Array.from({ length: shards }, (_, shard) => `T#${owner}#E#${day}#${shard}`),
    );
    const found = partitions.map((partition) => entriesIn(cloud, table, partition, requestId));
    return (await Promise.all(found)).flat();
  };
  const own = await entriesOf(tenant);
  return requestId !== undefined && own.length > 0 ? own : [...own, ...(await entriesOf(platform))];
};

/** The requests that more than one entry names, in any tenant's part of the trail. */
export const requestsAuditedTwice = async (cloud: Cloud, { table }: Trail): Promise<readonly string[]> => {
  const seen = new Set<string>();
  const twice: string[] = [];
  for (const { entry } of await itemsOf(cloud, table)) {
    const { requestId } = JSON.parse(entry?.S ?? '{}') as AuditEntry;
    if (seen.has(requestId)) twice.push(requestId);
    seen.add(requestId);
  }
  return twice;
};

/**
 * The audit entry of a request, if it has exactly one and that is of this type and tells the answer's status.
 * @throws Error
 */
export const expectAudited = async (
  cloud: Cloud,
  trail: Trail,
  { requestId, status }: Answer,
  type: AuditEventType,
): Promise<AuditEntry> => {
  const entries = await auditEntries(cloud, trail, requestId);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || entry.type !== type || entry.status !== status) {
    const found = entries.map((each) => `${each.type} ${each.status} by ${each.policy ?? '–'}`).join(', ');
    throw new Error(
      `wanted one audit entry ${type} ${status} of request ${requestId}, found: ${found || 'none'}`,
    );
  }
  return entry;
};
