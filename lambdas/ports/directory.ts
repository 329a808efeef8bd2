import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Role } from '../../model/vocabulary.ts';

/** How strong a second factor is, weakest first. */
export const factors = ['totp', 'passkey'] as const;
/** A second factor. */
export type Factor = (typeof factors)[number];

/** A person in the directory: who they are to the platform. */
export interface DirectoryPrincipal {
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
  readonly roleVersion: number;
  readonly status: 'active' | 'suspended';
  /** The patient record that is the person's own; role patient only. */
  readonly patient?: string;
  /** ISO 8601; absent until a second factor is enrolled and verified. */
  readonly mfaEnrolledAt?: string;
  readonly factor?: Factor;
  /** The client through which the sign-in façade saw the factor verified. */
  readonly evidenceClient?: string;
}

/** A tenant in the directory. */
export interface DirectoryTenant {
  readonly tenant: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
}

/** Reads and writes people and tenants. */
export interface Directory {
  readonly principal: (subject: string) => Promise<DirectoryPrincipal | undefined>;
  readonly tenant: (tenant: string) => Promise<DirectoryTenant | undefined>;
  /** Records that a person's second factor was enrolled and verified. @throws when there is no such person. */
  readonly recordEnrolment: (
    subject: string,
    evidence: { readonly at: Date; readonly factor: Factor; readonly client: string },
  ) => Promise<void>;
  /** What adds a person, for a transaction; it fails when the subject is there already. */
  readonly principalPuts: (
    principal: DirectoryPrincipal,
    created: { readonly at: Date; readonly by?: string },
  ) => TransactWriteItem[];
  /** What adds a tenant, for a transaction; it fails when the tenant is there already. */
  readonly tenantPut: (tenant: DirectoryTenant, created: { readonly at: Date }) => TransactWriteItem;
}

const principalKey = (subject: string): Record<string, AttributeValue> => ({
  pk: { S: `U#${subject}` },
  sk: { S: 'PRINCIPAL' },
});
const tenantKey = (tenant: string): Record<string, AttributeValue> => ({
  pk: { S: `T#${tenant}#` },
  sk: { S: 'TENANT' },
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
    recordEnrolment: async (subject, { at, factor, client }) => {
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key: principalKey(subject),
          UpdateExpression: 'SET mfaEnrolledAt = :at, factor = :factor, evidenceClient = :client',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: {
            ':at': { S: at.toISOString() },
            ':factor': { S: factor },
            ':client': { S: client },
          },
        }),
      );
    },
    principalPuts: (principal, { at, by }) => [
      put(principalKey(principal.subject), { ...principal, createdAt: at.toISOString(), createdBy: by }),
      put(
        { pk: { S: `T#${principal.tenant}#U` }, sk: { S: principal.subject } },
        { role: principal.role, createdAt: at.toISOString() },
      ),
    ],
    tenantPut: (tenant, { at }) => put(tenantKey(tenant.tenant), { ...tenant, createdAt: at.toISOString() }),
  };
};
