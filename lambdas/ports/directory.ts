import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  GetItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type {
  DirectoryClient,
  DirectoryConsent,
  DirectoryPrincipal,
  DirectoryTenant,
} from '../domain/directory-entry.ts';
import {
  memberKey,
  type PrincipalChange,
  type PrincipalVersion,
  principalCheck,
  principalKey,
  principalUpdates,
} from './principal-changes.ts';

/** Reads and writes people and tenants. */
export interface Directory {
  readonly principal: (subject: string) => Promise<DirectoryPrincipal | undefined>;
  readonly tenant: (tenant: string) => Promise<DirectoryTenant | undefined>;
  readonly client: (client: string) => Promise<DirectoryClient | undefined>;
  readonly consent: (subject: string, client: string) => Promise<DirectoryConsent | undefined>;
  /** Records that a person's second factor was enrolled and verified. @throws when there is no such person. */
  readonly recordEnrolment: (subject: string, at: Date) => Promise<void>;
  /** What adds a person, for a transaction; it fails when the subject is there already. */
  readonly principalPuts: (
    principal: DirectoryPrincipal,
    created: { readonly at: Date; readonly by?: string },
  ) => TransactWriteItem[];
  /** What changes a person, for a transaction; it fails when the person is not as it was read any more. */
  readonly principalUpdates: (before: DirectoryPrincipal, change: PrincipalChange) => TransactWriteItem[];
  /** What makes a transaction fail when someone may not do any more what was read. */
  readonly principalCheck: (principal: PrincipalVersion) => TransactWriteItem;
  /** What adds a tenant, for a transaction; it fails when the tenant is there already. */
  readonly tenantPut: (tenant: DirectoryTenant, created: { readonly at: Date }) => TransactWriteItem;
  /** Writes all or nothing. @returns false when something was there already. */
  readonly commit: (items: readonly TransactWriteItem[]) => Promise<boolean>;
}

const tenantKey = (tenant: string): Record<string, AttributeValue> => ({
  pk: { S: `T#${tenant}#` },
  sk: { S: 'TENANT' },
});
const clientKey = (client: string): Record<string, AttributeValue> => ({
  pk: { S: `O#${client}` },
  sk: { S: 'CLIENT' },
});
const consentKey = (subject: string, client: string): Record<string, AttributeValue> => ({
  pk: { S: `U#${subject}` },
  sk: { S: `CONSENT#${client}` },
});
const absent = 'attribute_not_exists(pk)';

/** The directory in DynamoDB. */
export const directory = ({
  table,
  dynamodb,
}: {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
}): Directory => {
  const get = async <T>(Key: Record<string, AttributeValue>): Promise<T | undefined> => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && (unmarshall(Item) as T);
  };
  const put = (key: Record<string, AttributeValue>, content: object): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...key, ...marshall(content, { removeUndefinedValues: true }) },
      ConditionExpression: absent,
    },
  });
  return {
    principal: (subject) => get<DirectoryPrincipal>(principalKey(subject)),
    tenant: (tenant) => get<DirectoryTenant>(tenantKey(tenant)),
    client: (client) => get<DirectoryClient>(clientKey(client)),
    consent: (subject, client) => get<DirectoryConsent>(consentKey(subject, client)),
    recordEnrolment: async (subject, at) => {
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key: principalKey(subject),
          UpdateExpression: 'SET mfaEnrolledAt = :at',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':at': { S: at.toISOString() } },
        }),
      );
    },
    principalPuts: (principal, { at, by }) => [
      put(principalKey(principal.subject), { ...principal, createdAt: at.toISOString(), createdBy: by }),
      put(memberKey(principal), {
        role: principal.role,
        status: principal.status,
        createdAt: at.toISOString(),
      }),
    ],
    principalUpdates: (before, change) => principalUpdates(table, before, change),
    principalCheck: (principal) => principalCheck(table, principal),
    tenantPut: (tenant, { at }) => put(tenantKey(tenant.tenant), { ...tenant, createdAt: at.toISOString() }),
    commit: async (items) => {
      try {
        await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [...items] }));
        return true;
      } catch (error) {
        const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons : undefined;
        if (reasons?.some(({ Code }) => Code === 'ConditionalCheckFailed')) return false;
        throw error;
      }
    },
  };
};
