import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  type AccessReview,
  type GrantDecision,
  grantDecisions,
  type ReviewedGrant,
} from '../domain/access-review.ts';
import type { Member, MemberPart } from './directory.ts';

/** Who decided about a grant, what and when; nobody for the platform itself. */
export interface DecidedGrant {
  readonly subject: string;
  readonly decision: Exclude<GrantDecision, 'pending'>;
  readonly at: Date;
  readonly by?: string;
}

/** Reviews of access and the grants in them. */
export interface AccessReviews {
  /** The tenant's review that is not closed yet; there is one at most. */
  readonly open: (tenant: string) => Promise<AccessReview | undefined>;
  readonly read: (tenant: string, review: string) => Promise<AccessReview | undefined>;
  /** A part of a tenant's reviews, the latest first. */
  readonly list: (
    tenant: string,
    part: MemberPart,
  ) => Promise<{ readonly reviews: readonly AccessReview[]; readonly after?: string }>;
  readonly grant: (review: AccessReview, subject: string) => Promise<ReviewedGrant | undefined>;
  /** A part of a review's grants, in the order of their subjects. */
  readonly grants: (
    review: AccessReview,
    part: MemberPart,
  ) => Promise<{ readonly grants: readonly ReviewedGrant[]; readonly after?: string }>;
  /** How many grants are decided how. */
  readonly tally: (review: AccessReview) => Promise<{ readonly [D in GrantDecision]: number }>;
  /** What starts a review, for a transaction; it fails while another one is open. */
  readonly startPuts: (review: AccessReview) => TransactWriteItem[];
  /** What puts a grant into a review, for a transaction; it fails when it is there already. */
  readonly grantPut: (review: AccessReview, member: Member) => TransactWriteItem;
  /** Records that every grant is in a review. */
  readonly recordListed: (review: AccessReview, at: Date) => Promise<void>;
  /** What decides about a grant, for a transaction; it fails when that was decided already. */
  readonly decisionUpdate: (review: AccessReview, decided: DecidedGrant) => TransactWriteItem;
  /** What closes a review, for a transaction. */
  readonly closeUpdates: (review: AccessReview) => TransactWriteItem[];
}

type Key = Record<'pk' | 'sk', AttributeValue>;
const key = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });
const reviewKey = (tenant: string, review: string): Key => key(`T#${tenant}#V`, review);
/** Holds the id of the open review: there is none beside it. Ids begin with a digit, so that it sorts behind them. */
const openKey = (tenant: string): Key => key(`T#${tenant}#V`, 'OPEN');
const behindEveryReview = 'A';
const grantKey = ({ tenant, review }: AccessReview, subject: string): Key =>
  key(`T#${tenant}#V#${review}`, subject);

const withoutKey = <T>(item: Record<string, AttributeValue>): T => {
  const { pk: _pk, sk: _sk, ...content } = unmarshall(item);
  return content as T;
};

/** Reviews of access in the directory. */
export const accessReviews = ({
  table,
  dynamodb,
}: {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
}): AccessReviews => {
  const get = async <T>(Key: Key): Promise<T | undefined> => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && withoutKey<T>(Item);
  };
  const query = async <T>(input: Omit<QueryCommandInput, 'TableName' | 'ConsistentRead'>) => {
    const { Items = [], LastEvaluatedKey } = await dynamodb.send(
      new QueryCommand({ TableName: table, ConsistentRead: true, ...input }),
    );
    return { items: Items.map((item) => withoutKey<T>(item)), last: LastEvaluatedKey };
  };
  const put = (Key: Key, content: object): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...Key, ...marshall(content, { removeUndefinedValues: true }) },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  });
  const read: AccessReviews['read'] = (tenant, review) => get<AccessReview>(reviewKey(tenant, review));

  return {
    read,
    open: async (tenant) => {
      const open = await get<{ readonly review: string }>(openKey(tenant));
      return open && read(tenant, open.review);
    },
    list: async (tenant, { after = behindEveryReview, limit }) => {
      const { items, last } = await query<AccessReview>({
        KeyConditionExpression: 'pk = :pk AND sk < :after',
        ExpressionAttributeValues: { ':pk': reviewKey(tenant, '').pk, ':after': { S: after } },
        ScanIndexForward: false,
        Limit: limit,
      });
      return { reviews: items, ...(last?.sk?.S !== undefined && { after: last.sk.S }) };
    },
    grant: (review, subject) => get<ReviewedGrant>(grantKey(review, subject)),
    grants: async (review, { after, limit }) => {
      const { items, last } = await query<ReviewedGrant>({
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': grantKey(review, '').pk },
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: grantKey(review, after) }),
      });
      return { grants: items, ...(last?.sk?.S !== undefined && { after: last.sk.S }) };
    },
    tally: async (review) => {
      const counts = Object.fromEntries(grantDecisions.map((decision) => [decision, 0])) as {
        [D in GrantDecision]: number;
      };
      let from: Record<string, AttributeValue> | undefined;
      do {
        const { items, last } = await query<Pick<ReviewedGrant, 'decision'>>({
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': grantKey(review, '').pk },
          ProjectionExpression: 'decision',
          ...(from && { ExclusiveStartKey: from }),
        });
        for (const { decision } of items) counts[decision] += 1;
        from = last;
      } while (from !== undefined);
      return counts;
    },
    startPuts: (review) => [
      put(openKey(review.tenant), { review: review.review }),
      put(reviewKey(review.tenant, review.review), review),
    ],
    grantPut: (review, { subject, role }) =>
      put(grantKey(review, subject), { subject, role, decision: 'pending' } satisfies ReviewedGrant),
    recordListed: async ({ tenant, review }, at) => {
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key: reviewKey(tenant, review),
          UpdateExpression: 'SET listedAt = :at',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':at': { S: at.toISOString() } },
        }),
      );
    },
    decisionUpdate: (review, { subject, decision, at, by }) => ({
      Update: {
        TableName: table,
        Key: grantKey(review, subject),
        UpdateExpression: `SET decision = :decision, decidedAt = :at${by === undefined ? '' : ', decidedBy = :by'}`,
        ConditionExpression: 'decision = :pending',
        ExpressionAttributeValues: marshall({
          ':decision': decision,
          ':at': at.toISOString(),
          ':pending': 'pending',
          ...(by !== undefined && { ':by': by }),
        }),
      },
    }),
    closeUpdates: ({ tenant, review }) => [
      { Delete: { TableName: table, Key: openKey(tenant) } },
      {
        Update: {
          TableName: table,
          Key: reviewKey(tenant, review),
          UpdateExpression: 'SET #status = :closed',
          ConditionExpression: '#status = :open',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':closed': { S: 'closed' }, ':open': { S: 'open' } },
        },
      },
    ],
  };
};
