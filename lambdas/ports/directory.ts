import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
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
  PrincipalChange,
  PrincipalVersion,
} from '../domain/directory-entry.ts';
import { batchGet } from './batch-get.ts';
import {
  expiryUpdate,
  memberKey,
  principalCheck,
  principalKey,
  principalUpdates,
} from './principal-changes.ts';
import { throughConflicts } from './through-conflicts.ts';

/** Reads and writes people and tenants. */
export interface Directory {
  readonly principal: (subject: string) => Promise<DirectoryPrincipal | undefined>;
  readonly tenant: (tenant: string) => Promise<DirectoryTenant | undefined>;
  readonly client: (client: string) => Promise<DirectoryClient | undefined>;
  readonly consent: (subject: string, client: string) => Promise<DirectoryConsent | undefined>;
  /**
   * Records that a person's second factor was enrolled and verified.
   * @param begun when the sign-in began that enrolled a new one: after a reset of factors only a later one may
   * @returns false when one is recorded already, a reset demands another one, or there is no such person.
   */
  readonly recordEnrolment: (subject: string, at: Date, begun?: Date) => Promise<boolean>;
  /** A part of a tenant's principals, in the order of their subjects. */
  readonly members: (tenant: string, part: MemberPart) => Promise<Members>;
  /** The principals of these subjects, at most 100, as far as they exist. */
  readonly principals: (subjects: readonly string[]) => Promise<readonly DirectoryPrincipal[]>;
  /** What takes away every passkey of a person, for a transaction. */
  readonly passkeyDeletes: (subject: string) => Promise<readonly TransactWriteItem[]>;
  /** What adds a person, for a transaction; it fails when the subject is there already. */
  readonly principalPuts: (
    principal: DirectoryPrincipal,
    created: { readonly at: Date; readonly by?: string },
  ) => TransactWriteItem[];
  /** What changes a person, for a transaction; it fails when the person is not as it was read any more. */
  readonly principalUpdates: (before: DirectoryPrincipal, change: PrincipalChange) => TransactWriteItem[];
  /** What makes a transaction fail when someone may not do any more what was read, or a review has taken it away by now. */
  readonly principalCheck: (principal: PrincipalVersion, now: Date) => TransactWriteItem;
  /** What lets someone's grant expire, unless it is attested, for a transaction; it fails when they have none. */
  readonly expiryUpdate: (
    member: Member & Pick<DirectoryPrincipal, 'tenant'>,
    expiresAt: string,
  ) => TransactWriteItem;
  /** The ids of a part of the tenants. */
  readonly tenants: (
    part: MemberPart,
  ) => Promise<{ readonly tenants: readonly string[]; readonly after?: string }>;
  /** What adds a tenant, for a transaction; it fails when the tenant is there already. */
  readonly tenantPuts: (tenant: DirectoryTenant, created: { readonly at: Date }) => TransactWriteItem[];
  /** Writes all or nothing. @returns false when something was there already. */
  readonly commit: (items: readonly TransactWriteItem[]) => Promise<boolean>;
}

/** Which part of a tenant's principals. */
export interface MemberPart {
  /** The subject behind which it begins. @default the beginning */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A principal in its tenant's list. */
export type Member = Pick<DirectoryPrincipal, 'subject' | 'role' | 'status'>;

/** A part of a tenant's principals. */
export interface Members {
  readonly members: readonly Member[];
  /** Where the next part begins; absent at the end. */
  readonly after?: string;
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
/** The partition that names every tenant. */
const tenantsPartition = 'L#TENANTS';
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
  /** A part of a partition's items, in the order of their sort keys. */
  const partOf = async (pk: string, { after, limit }: MemberPart) => {
    const { Items = [], LastEvaluatedKey } = await dynamodb.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
        ConsistentRead: true,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: { pk: { S: pk }, sk: { S: after } } }),
      }),
    );
    const items = Items.map((item) => unmarshall(item) as { readonly sk: string } & Record<string, unknown>);
    return { items, after: LastEvaluatedKey?.sk?.S };
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
    recordEnrolment: async (subject, at, begun) => {
      const since = begun === undefined ? '' : ' OR mustEnrolSince < :begun';
      try {
        await dynamodb.send(
          new UpdateItemCommand({
            TableName: table,
            Key: principalKey(subject),
            UpdateExpression: 'SET mfaEnrolledAt = :at REMOVE mustEnrolSince',
            ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(mfaEnrolledAt) AND (attribute_not_exists(mustEnrolSince)${since})`,
            ExpressionAttributeValues: {
              ':at': { S: at.toISOString() },
              ...(begun !== undefined && { ':begun': { S: begun.toISOString() } }),
            },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
    members: async (tenant, part) => {
      const { items, after } = await partOf(`T#${tenant}#U`, part);
      return {
        members: items.map(({ sk, role, status }) => ({ subject: sk, role, status }) as Member),
        ...(after !== undefined && { after }),
      };
    },
    tenants: async (part) => {
      const { items, after } = await partOf(tenantsPartition, part);
      return { tenants: items.map(({ sk }) => sk), ...(after !== undefined && { after }) };
    },
    principals: async (subjects) => {
      const keys = subjects.map((subject) => ({ pk: `U#${subject}`, sk: 'PRINCIPAL' }));
      const found = await batchGet(dynamodb, { [table]: keys });
      return keys.flatMap((key) => {
        const item = found(table, key);
        return item ? [unmarshall(item) as DirectoryPrincipal] : [];
      });
    },
    passkeyDeletes: async (subject) => {
      const { Items = [] } = await dynamodb.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :passkey)',
          ExpressionAttributeValues: { ':pk': principalKey(subject).pk, ':passkey': { S: 'PASSKEY#' } },
          ProjectionExpression: 'pk, sk',
          ConsistentRead: true,
        }),
      );
      return Items.map((Key) => ({ Delete: { TableName: table, Key } }));
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
    principalCheck: (principal, now) => principalCheck(table, principal, now),
    expiryUpdate: (member, expiresAt) => expiryUpdate(table, member, expiresAt),
    tenantPuts: (tenant, { at }) => [
      put(tenantKey(tenant.tenant), { ...tenant, createdAt: at.toISOString() }),
      put({ pk: { S: tenantsPartition }, sk: { S: tenant.tenant } }, {}),
    ],
    commit: async (items) => {
      try {
        await throughConflicts(() =>
          dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [...items] })),
        );
        return true;
      } catch (error) {
        const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons : undefined;
        if (reasons?.some(({ Code }) => Code === 'ConditionalCheckFailed')) return false;
        throw error;
      }
    },
  };
};
