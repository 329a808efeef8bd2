import { randomUUID } from 'node:crypto';
import type { TransactionCanceledException, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ProblemCode } from '../../model/problems.ts';
import type { AccessItem } from '../domain/access-item.ts';
import { ApiError } from '../domain/api-error.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { IdempotencyEntry } from '../domain/idempotency.ts';
import type { WrappedPatientKeys } from '../domain/patient-keys.ts';
import type { ItemKey, RecordAddress } from '../domain/storage-keys.ts';
import {
  accessKey,
  historyKey,
  idempotencyKey,
  indexKey,
  indexPartition,
  patientKeysKey,
  patientPartition,
  recordKey,
  resourcePrefix,
} from '../domain/storage-keys.ts';
import type { StoredRecord } from '../domain/stored-record.ts';
import type { Item } from './batch-get.ts';
import { batchGet } from './batch-get.ts';
import { orUnavailable } from './call-failure.ts';
import {
  accessFrom,
  accessItem,
  idempotencyFrom,
  idempotencyItem,
  patientKeysFrom,
  patientKeysItem,
  recordFrom,
  recordItem,
} from './record-items.ts';
import type { ClientsFor } from './tenant-credentials.ts';

/** What a request needs of one tenant, all by known keys. */
export interface Wanted {
  readonly tenant: string;
  readonly records?: readonly Omit<RecordAddress, 'tenant'>[];
  /** The patients whose Access items and keys are needed. */
  readonly patients: readonly string[];
  /** The name of an idempotency entry. */
  readonly idempotency?: string;
}

/** What exists of it. */
export interface Fetched {
  readonly record: (id: string) => StoredRecord | undefined;
  readonly access: (patient: string) => AccessItem | undefined;
  readonly keys: (patient: string) => WrappedPatientKeys | undefined;
  readonly idempotency?: IdempotencyEntry;
}

/** One change of a transaction. */
export type Change =
  | { readonly kind: 'record'; readonly record: StoredRecord; readonly replaces?: number }
  | { readonly kind: 'history'; readonly record: StoredRecord }
  | { readonly kind: 'addIndex' | 'removeIndex'; readonly record: RecordAddress; readonly entry: string }
  | { readonly kind: 'access'; readonly item: AccessItem; readonly replaces?: number }
  | { readonly kind: 'newKeys' | 'moreKeys'; readonly keys: WrappedPatientKeys }
  | { readonly kind: 'idempotency'; readonly entry: IdempotencyEntry; readonly now: Date };

/** The records of tenants' charts. */
export interface RecordStore {
  /**
   * Reads by known keys in one call.
   * @throws ApiError `unavailable`, or `integrity-failure` when an item has not the form that it was written in.
   */
  readonly fetch: (wanted: Wanted) => Promise<Fetched>;
  /** The ids of the records that a blind-index entry leads to, in order, at most `limit`, behind the id `after`. */
  readonly find: (
    tenant: string,
    resource: string,
    entry: string,
    limit: number,
    after?: string,
  ) => Promise<readonly string[]>;
  /** A patient's records of one type, the latest recorded first, at most `limit`. */
  readonly list: (
    tenant: string,
    patient: string,
    resource: string,
    limit: number,
  ) => Promise<readonly StoredRecord[]>;
  /**
   * Makes all changes and writes the audit entry, or does nothing.
   * @throws ApiError `version-mismatch` when the record is no longer the one replaced, `conflict` when another change came
   * first, `unavailable` when the store cannot tell.
   */
  readonly commit: (tenant: string, changes: readonly Change[], entry: AuditEntry) => Promise<void>;
}

/** What the record store needs. */
export interface RecordStoreOptions {
  readonly clientsFor: ClientsFor;
  readonly recordsTable: string;
  readonly keyringTable: string;
  /** How the audit log puts an entry. */
  readonly auditPut: (entry: AuditEntry) => NonNullable<TransactWriteItem['Put']>;
}

interface Write {
  readonly item: TransactWriteItem;
  /** What it means that the item's condition does not hold. */
  readonly otherwise: ProblemCode;
}

const isNew = 'attribute_not_exists(pk)';

/** The record store over the `records` and `keyring` tables. */
export const recordStore = (options: RecordStoreOptions): RecordStore => {
  const { clientsFor, recordsTable, keyringTable, auditPut } = options;

  const put = (table: string, item: Item, otherwise: ProblemCode, replaces?: number): Write => ({
    item: {
      Put:
        replaces === undefined
          ? { TableName: table, Item: item, ConditionExpression: isNew }
          : {
              TableName: table,
              Item: item,
              ConditionExpression: 'version = :replaced',
              ExpressionAttributeValues: marshall({ ':replaced': replaces }),
            },
    },
    otherwise,
  });

  const addKeys = ({ tenant, patient, wrapped }: WrappedPatientKeys): Write => {
    const entries = Object.entries(wrapped);
    return {
      item: {
        Update: {
          TableName: keyringTable,
          Key: marshall(patientKeysKey(tenant, patient)),
          UpdateExpression: `SET ${entries.map((_, n) => `#k${n} = :k${n}`).join(', ')}`,
          ConditionExpression: [
            'attribute_exists(pk)',
            ...entries.map((_, n) => `attribute_not_exists(#k${n})`),
          ].join(' AND '),
          ExpressionAttributeNames: Object.fromEntries(entries.map(([name], n) => [`#k${n}`, name])),
          ExpressionAttributeValues: marshall(
            Object.fromEntries(entries.map(([, key], n) => [`:k${n}`, key])),
          ),
        },
      },
      otherwise: 'conflict',
    };
  };

  const write = (change: Change): Write => {
    switch (change.kind) {
      case 'record':
        return put(
          recordsTable,
          recordItem(recordKey(change.record), change.record),
          change.replaces === undefined ? 'conflict' : 'version-mismatch',
          change.replaces,
        );
      case 'history': {
        const key = historyKey(change.record, change.record.version);
        return put(recordsTable, recordItem(key, change.record), 'conflict');
      }
      case 'addIndex':
        return {
          item: {
            Put: { TableName: recordsTable, Item: marshall(indexKey(change.record, change.entry)) },
          },
          otherwise: 'conflict',
        };
      case 'removeIndex':
        return {
          item: {
            Delete: { TableName: recordsTable, Key: marshall(indexKey(change.record, change.entry)) },
          },
          otherwise: 'conflict',
        };
      case 'access':
        return put(recordsTable, accessItem(change.item), 'conflict', change.replaces);
      case 'newKeys':
        return put(keyringTable, patientKeysItem(change.keys), 'conflict');
      case 'moreKeys':
        return addKeys(change.keys);
      case 'idempotency':
        return {
          item: {
            Put: {
              TableName: recordsTable,
              Item: idempotencyItem(change.entry),
              ConditionExpression: `${isNew} OR #ttl <= :now`,
              ExpressionAttributeNames: { '#ttl': 'ttl' },
              ExpressionAttributeValues: marshall({ ':now': Math.floor(change.now.getTime() / 1000) }),
            },
          },
          otherwise: 'conflict',
        };
    }
  };

  const problemIn = (error: unknown, writes: readonly Write[]): ProblemCode => {
    const { CancellationReasons: reasons = [] } = error as Partial<TransactionCanceledException>;
    const failed = writes.flatMap(({ otherwise }, position) =>
      reasons[position]?.Code === 'ConditionalCheckFailed' ? [otherwise] : [],
    );
    if (failed.length > 0)
      return failed.includes('version-mismatch') ? 'version-mismatch' : (failed[0] ?? 'conflict');
    return reasons.some(({ Code }) => Code === 'TransactionConflict') ? 'conflict' : 'unavailable';
  };

  const query = async (
    tenant: string,
    expression: { readonly pk: string; readonly prefix: string },
    limit: number,
    { newestFirst, after }: { readonly newestFirst: boolean; readonly after?: string | undefined },
  ): Promise<readonly Item[]> => {
    const { Items = [] } = await clientsFor(tenant).dynamodb.send(
      new QueryCommand({
        TableName: recordsTable,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: marshall({ ':pk': expression.pk, ':prefix': expression.prefix }),
        Limit: limit,
        ScanIndexForward: !newestFirst,
        ...(after !== undefined && {
          ExclusiveStartKey: marshall({ pk: expression.pk, sk: `${expression.prefix}${after}` }),
        }),
      }),
    );
    return Items;
  };

  const idIn = (item: Item, prefix: string): string => item.sk?.S?.slice(prefix.length) ?? '';

  return {
    fetch: ({ tenant, records = [], patients, idempotency }) =>
      orUnavailable(async () => {
        const digest = idempotency === undefined ? [] : [idempotency];
        const recordKeys: readonly ItemKey[] = [
          ...records.map((address) => recordKey({ tenant, ...address })),
          ...patients.map((patient) => accessKey(tenant, patient)),
          ...digest.map((name) => idempotencyKey(tenant, name)),
        ];
        const item = await batchGet(clientsFor(tenant).dynamodb, {
          [recordsTable]: recordKeys,
          [keyringTable]: patients.map((patient) => patientKeysKey(tenant, patient)),
        });
        const foundRecords = new Map<string, StoredRecord>();
        for (const address of records) {
          const found = item(recordsTable, recordKey({ tenant, ...address }));
          if (found) foundRecords.set(address.id, recordFrom({ tenant, ...address }, found));
        }
        const [remembered] = digest.flatMap((name) => {
          const found = item(recordsTable, idempotencyKey(tenant, name));
          return found ? [idempotencyFrom({ tenant, digest: name }, found)] : [];
        });
        return {
          record: (id) => foundRecords.get(id),
          access: (patient) => {
            const found = item(recordsTable, accessKey(tenant, patient));
            return found && accessFrom({ tenant, patient }, found);
          },
          keys: (patient) => {
            const found = item(keyringTable, patientKeysKey(tenant, patient));
            return found && patientKeysFrom({ tenant, patient }, found);
          },
          ...(remembered && { idempotency: remembered }),
        };
      }),

    find: (tenant, resource, entry, limit, after) =>
      orUnavailable(async () => {
        const prefix = resourcePrefix(resource);
        const pk = indexPartition(tenant, entry);
        const items = await query(tenant, { pk, prefix }, limit, { newestFirst: false, after });
        return items.map((item) => idIn(item, prefix));
      }),

    list: (tenant, patient, resource, limit) =>
      orUnavailable(async () => {
        const prefix = resourcePrefix(resource);
        const pk = patientPartition(tenant, patient);
        const items = await query(tenant, { pk, prefix }, limit, { newestFirst: true });
        return items.map((item) => recordFrom({ tenant, patient, resource, id: idIn(item, prefix) }, item));
      }),

    commit: async (tenant, changes, entry) => {
      const writes: readonly Write[] = [
        ...changes.map(write),
        { item: { Put: auditPut(entry) }, otherwise: 'unavailable' },
      ];
      try {
        await clientsFor(tenant).dynamodb.send(
          new TransactWriteItemsCommand({
            ClientRequestToken: randomUUID(),
            TransactItems: writes.map(({ item }) => item),
          }),
        );
      } catch (cause) {
        throw new ApiError(problemIn(cause, writes), { cause });
      }
    },
  };
};
