import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import type { AuditEventType } from '../../model/audit-event-types.ts';
import type { Answer } from './client.ts';
import type { Cloud } from './cloud.ts';

/** Every audit entry that names one of these requests, in the order of recording. */
export const auditEntries = async (
  { dynamodb }: Cloud,
  table: string,
  requestIds: readonly string[],
): Promise<readonly AuditEntry[]> => {
  const entries: AuditEntry[] = [];
  for await (const page of paginateScan({ client: dynamodb }, { TableName: table, ConsistentRead: true }))
    for (const { entry } of page.Items ?? []) {
      const parsed = JSON.parse(entry?.S ?? '{}') as AuditEntry;
      if (requestIds.includes(parsed.requestId)) entries.push(parsed);
    }
  return entries.sort((one, other) => (one.time < other.time ? -1 : 1));
};

/**
 * The audit entry of a request, if it has exactly one and that is of this type and tells the answer's status.
 * @throws Error
 */
export const expectAudited = async (
  cloud: Cloud,
  table: string,
  { requestId, status }: Answer,
  type: AuditEventType,
): Promise<AuditEntry> => {
  const entries = await auditEntries(cloud, table, [requestId]);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || entry.type !== type || entry.status !== status) {
    const found = entries.map((each) => `${each.type} ${each.status} by ${each.policy ?? '–'}`).join(', ');
    throw new Error(
      `wanted one audit entry ${type} ${status} of request ${requestId}, found: ${found || 'none'}`,
    );
  }
  return entry;
};
