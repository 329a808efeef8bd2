import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { DirectoryClient, DirectoryConsent } from '../domain/directory-entry.ts';

/** Which kinds of clients a list is of. */
export type ClientList = 'applications' | 'machines';

/** A client in its tenant's list, in which no removed one is. */
export type ListedClient = Omit<DirectoryClient, 'status'>;

/** A consent in its person's list. */
export interface ListedConsent extends DirectoryConsent {
  /** What the application was called when the person consented. */
  readonly name: string;
}

/** A part of a list, which is in the order of the clients' ids. */
export interface ListPart {
  /** The client behind which it begins. @default the beginning */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Lists and changes the clients of tenants, and what people let them do. Reading one by its id is the directory's. */
export interface ClientDirectory {
  readonly clients: (tenant: string, list: ClientList, part: ListPart) => Promise<readonly ListedClient[]>;
  readonly consents: (subject: string, part: ListPart) => Promise<readonly ListedConsent[]>;
  /** What registers a client, for a transaction; it fails when the id is there already. */
  readonly clientPuts: (
    client: DirectoryClient,
    created: { readonly at: Date; readonly by: string },
  ) => TransactWriteItem[];
  /** What removes a client, for a transaction; it fails when that has happened already. */
  readonly clientRemovals: (
    client: DirectoryClient,
    removed: { readonly at: Date; readonly by: string },
  ) => TransactWriteItem[];
  /** What makes a transaction fail when a client has been removed. */
  readonly clientCheck: (client: Pick<DirectoryClient, 'client'>) => TransactWriteItem;
  /** What retires a machine's secret, for a transaction; it fails when another one was retired since the client was read. */
  readonly secretRetirement: (
    client: Pick<DirectoryClient, 'client' | 'retiredSecret'>,
    secret: string,
  ) => TransactWriteItem;
  /** What records a consent in place of an earlier one, for a transaction; it fails when that is not the one any more. */
  readonly consentPut: (consent: ListedConsent, before: DirectoryConsent | undefined) => TransactWriteItem;
  /** What takes a consent back, for a transaction; it fails when there is none. */
  readonly consentDelete: (consent: Pick<DirectoryConsent, 'subject' | 'client'>) => TransactWriteItem;
}

type Key = Record<'pk' | 'sk', AttributeValue>;
const key = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });
const clientKey = (client: string): Key => key(`O#${client}`, 'CLIENT');
const prefixes = { applications: 'APPLICATION#', machines: 'MACHINE#' } as const;
const listed = ({ tenant, kind, client }: Pick<DirectoryClient, 'tenant' | 'kind' | 'client'>): Key =>
  key(`T#${tenant}#O`, `${prefixes[kind === 'machine' ? 'machines' : 'applications']}${client}`);
const consentPrefix = 'CONSENT#';
const consentKey = ({ subject, client }: Pick<DirectoryConsent, 'subject' | 'client'>): Key =>
  key(`U#${subject}`, `${consentPrefix}${client}`);

const isActive = {
  ConditionExpression: '#status = :active',
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: { ':active': { S: 'active' } },
};

/** The clients' part of the directory in DynamoDB. */
export const clientDirectory = ({
  table,
  dynamodb,
}: {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
}): ClientDirectory => {
  const put = (at: Key, content: object): TransactWriteItem => ({
    Put: { TableName: table, Item: { ...at, ...marshall(content, { removeUndefinedValues: true }) } },
  });
  const list = async <T>(pk: string, prefix: string, { after, limit }: ListPart): Promise<T[]> => {
    const { Items = [] } = await dynamodb.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': { S: pk }, ':prefix': { S: prefix } },
        ConsistentRead: true,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: key(pk, `${prefix}${after}`) }),
      }),
    );
    return Items.map((item) => {
      const { pk: _pk, sk: _sk, ...content } = unmarshall(item);
      return content as T;
    });
  };

  return {
    clients: (tenant, which, part) => list<ListedClient>(`T#${tenant}#O`, prefixes[which], part),
    consents: (subject, part) => list<ListedConsent>(`U#${subject}`, consentPrefix, part),
    clientPuts: (client, { at, by }) => {
      const created = { createdAt: at.toISOString(), createdBy: by };
      const { status: _status, ...shown } = client;
      const row = put(clientKey(client.client), { ...client, ...created });
      return [
        { Put: { ...row.Put, ConditionExpression: 'attribute_not_exists(pk)' } } as TransactWriteItem,
        put(listed(client), { ...shown, createdAt: created.createdAt }),
      ];
    },
    clientRemovals: (client, { at, by }) => [
      {
        Update: {
          TableName: table,
          Key: clientKey(client.client),
          UpdateExpression: 'SET #status = :removed, removedAt = :at, removedBy = :by',
          ...isActive,
          ExpressionAttributeValues: {
            ...isActive.ExpressionAttributeValues,
            ':removed': { S: 'removed' },
            ':at': { S: at.toISOString() },
            ':by': { S: by },
          },
        },
      },
      { Delete: { TableName: table, Key: listed(client) } },
    ],
    secretRetirement: ({ client, retiredSecret }, secret) => ({
      Update: {
        TableName: table,
        Key: clientKey(client),
        UpdateExpression: 'SET retiredSecret = :secret',
        ...isActive,
        ConditionExpression: `${isActive.ConditionExpression} AND ${
          retiredSecret === undefined ? 'attribute_not_exists(retiredSecret)' : 'retiredSecret = :retired'
        }`,
        ExpressionAttributeValues: {
          ...isActive.ExpressionAttributeValues,
          ':secret': { S: secret },
          ...(retiredSecret !== undefined && { ':retired': { S: retiredSecret } }),
        },
      },
    }),
    clientCheck: ({ client }) => ({
      ConditionCheck: { TableName: table, Key: clientKey(client), ...isActive },
    }),
    consentPut: (consent, before) => ({
      Put: {
        TableName: table,
        Item: { ...consentKey(consent), ...marshall(consent) },
        ...(before === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'grantedAt = :grantedAt AND scopes = :scopes',
              ExpressionAttributeValues: marshall({
                ':grantedAt': before.grantedAt,
                ':scopes': before.scopes,
              }),
            }),
      },
    }),
    consentDelete: (consent) => ({
      Delete: {
        TableName: table,
        Key: consentKey(consent),
        ConditionExpression: 'attribute_exists(pk)',
      },
    }),
  };
};
