import { hash, randomBytes } from 'node:crypto';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import type { SessionKey } from './session-store.ts';
import type { PendingChallenge } from './sign-in-client.ts';
import type { Vault } from './vault.ts';

/** Whose sign-in it is. */
export interface SignInOwner {
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
}

/** A challenge of Cognito's, with what the answer needs. */
export interface CognitoChallenge extends PendingChallenge, SignInOwner {
  /** The account whose failed verifications are counted. */
  readonly account: string;
  /** When the sign-in began, in epoch milliseconds. */
  readonly begunAt: number;
  /** The session in which someone steps up; absent at a sign-in. */
  readonly within?: SessionKey;
}

/** A challenge of ours to a passkey. */
export interface PasskeyChallenge {
  readonly challenge: 'PASSKEY';
  /** What the authenticator signs. */
  readonly nonce: string;
  /** The session in which someone steps up; absent at a sign-in, where the passkey says who it is. */
  readonly within?: SessionKey;
}

/** A challenge of ours to make a passkey. */
export interface RegistrationChallenge {
  readonly challenge: 'PASSKEY_REGISTRATION';
  readonly nonce: string;
  readonly within: SessionKey;
}

/** A challenge that is open. */
export type StoredChallenge = CognitoChallenge | PasskeyChallenge | RegistrationChallenge;

/** Who a refresh handle continues. */
export interface RefreshOwner extends SignInOwner {
  readonly roleVersion: number;
  readonly session: string;
  /** The session's end, in epoch seconds. */
  readonly expiresAt: number;
}

/**
 * What the use of a refresh handle means: its first use; a retry of that by the same client within the grace; a reuse, which
 * tells of a stolen handle; or nothing that is known.
 */
export type HandleUse =
  | { readonly verdict: 'first' | 'retry' | 'reuse'; readonly owner: RefreshOwner }
  | { readonly verdict: 'unknown' };

/** Who uses a handle, and when. */
export interface HandleUseOptions {
  /** The handle that replaces it. */
  readonly successor: string;
  /** What tells the client that uses it from another one. */
  readonly client: string;
  readonly now: Date;
}

/** What the sign-in façade keeps between requests; handles are stored as hashes, Cognito's secrets sealed. */
export interface SignInStore {
  /** @returns the handle, good for one answer. */
  readonly saveChallenge: (challenge: StoredChallenge, now: Date) => Promise<string>;
  /** Takes a challenge away, so that it can be answered once. */
  readonly takeChallenge: (handle: string, now: Date) => Promise<StoredChallenge | undefined>;
  readonly saveToken: (session: string, refreshToken: string, expiresAt: number) => Promise<void>;
  readonly token: (session: string) => Promise<string | undefined>;
  readonly removeToken: (session: string) => Promise<void>;
  readonly saveHandle: (handle: string, owner: RefreshOwner) => Promise<void>;
  /** What a use of a handle would mean now. */
  readonly judgeHandle: (handle: string, use: HandleUseOptions) => Promise<HandleUse>;
  /** Uses a handle, if that is its first use. */
  readonly useHandle: (handle: string, use: HandleUseOptions) => Promise<HandleUse>;
  /** Counts a verification before it happens. @throws ApiError `rate-limited` after five that failed in 15 minutes. */
  readonly countAttempt: (account: string, now: Date) => Promise<void>;
  /** Takes back the count of a verification that succeeded. */
  readonly forgiveAttempt: (account: string) => Promise<void>;
  /** Forgets an account's failures after a complete sign-in. */
  readonly forgetAttempts: (account: string) => Promise<void>;
  /**
   * Uses a TOTP code up (RFC 6238 §5.2).
   * @param code stands for account and code, and tells neither
   * @returns whether that is its first use while it can be valid.
   */
  readonly useCode: (code: string, now: Date) => Promise<boolean>;
}

/** Seconds that a challenge can be answered (requirement B5). */
export const challengeLife = 600;
/** Seconds in which the same client may repeat the use of a refresh handle whose answer it did not get. */
export const refreshGrace = 10;
/** Failed verifications of one account in one window (requirement B8). */
export const failedVerifications = 5;
const attemptWindow = 900;
/** Seconds in which a TOTP code could be valid: its step, and what servers allow for clocks before and after it. */
const codeLife = 120;

/** A new opaque handle of 256 random bits. */
export const newHandle = (): string => randomBytes(32).toString('base64url');
const digestOf = (handle: string): string => hash('sha256', handle, 'hex');
const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);

type Key = Record<'pk' | 'sk', AttributeValue>;
const key = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });
const challengeKey = (handle: string): Key => key(`C#${digestOf(handle)}`, 'CHALLENGE');
const handleKey = (handle: string): Key => key(`R#${digestOf(handle)}`, 'REFRESH');
const tokenKey = (session: string): Key => key(`R#${session}`, 'TOKEN');
const attemptsKey = (account: string): Key => key(`A#${account}`, 'ATTEMPTS');
const codeKey = (code: string): Key => key(`A#${code}`, 'CODE');

interface HandleItem extends RefreshOwner {
  readonly status: 'current' | 'used';
  readonly usedAt?: number;
  readonly usedBy?: string;
}

/** The façade's part of the sessions table, with the identity function's own credentials. */
export const signInStore = (options: {
  readonly table: string;
  readonly dynamodb: DynamoDBClient;
  readonly vault: Vault;
}): SignInStore => {
  const { table, dynamodb, vault } = options;

  const get = async <T>(Key: Key): Promise<T | undefined> => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && (unmarshall(Item) as T);
  };
  const put = async (Key: Key, content: object): Promise<void> => {
    const Item = { ...Key, ...marshall(content, { removeUndefinedValues: true }) };
    await dynamodb.send(new PutItemCommand({ TableName: table, Item }));
  };
  const remove = async (Key: Key): Promise<void> => {
    await dynamodb.send(new DeleteItemCommand({ TableName: table, Key }));
  };
  /** An update; answers what its condition refused, or that it happened. */
  const update = async (
    Key: Key,
    command: Pick<
      ConstructorParameters<typeof UpdateItemCommand>[0],
      'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
    >,
  ): Promise<{ readonly refused: boolean; readonly item: Record<string, AttributeValue> | undefined }> => {
    try {
      const { Attributes } = await dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          ...command,
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { refused: false, item: Attributes };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { refused: true, item: error.Item };
    }
  };

  /** What Cognito gave us stays sealed; the rest of a challenge is ours. */
  const withSealed = async (
    { username, session, ...challenge }: CognitoChallenge,
    id: string,
  ): Promise<object> => ({
    ...challenge,
    sealed: await vault.seal('challenge', id, JSON.stringify({ username, session })),
  });

  const isUsed = async (handle: string): Promise<boolean> =>
    (await get<HandleItem>(handleKey(handle)))?.status === 'used';

  const judge = async (
    item: HandleItem | undefined,
    { successor, client, now }: HandleUseOptions,
  ): Promise<HandleUse> => {
    const time = seconds(now);
    if (item === undefined || item.expiresAt <= time) return { verdict: 'unknown' };
    if (item.status === 'current') return { verdict: 'first', owner: item };
    const isRetry =
      item.usedAt !== undefined &&
      time - item.usedAt <= refreshGrace &&
      item.usedBy === client &&
      !(await isUsed(successor));
    return { verdict: isRetry ? 'retry' : 'reuse', owner: item };
  };

  return {
    saveChallenge: async (challenge, now) => {
      const handle = newHandle();
      const expiresAt = seconds(now) + challengeLife;
      const content =
        'username' in challenge ? await withSealed(challenge, digestOf(handle)) : { ...challenge };
      await put(challengeKey(handle), { ...content, expiresAt, ttl: expiresAt });
      return handle;
    },
    takeChallenge: async (handle, now) => {
      const { Attributes } = await dynamodb.send(
        new DeleteItemCommand({ TableName: table, Key: challengeKey(handle), ReturnValues: 'ALL_OLD' }),
      );
      if (Attributes === undefined) return undefined;
      const { pk: _pk, sk: _sk, ttl: _ttl, expiresAt, sealed, ...challenge } = unmarshall(Attributes);
      if (expiresAt <= seconds(now)) return undefined;
      const secret = sealed && JSON.parse(await vault.open('challenge', digestOf(handle), sealed));
      return { ...challenge, ...secret } as StoredChallenge;
    },
    saveToken: async (session, refreshToken, expiresAt) =>
      put(tokenKey(session), {
        sealed: await vault.seal('refresh', session, refreshToken),
        ttl: expiresAt,
      }),
    token: async (session) => {
      const item = await get<{ sealed: Uint8Array }>(tokenKey(session));
      return item && vault.open('refresh', session, item.sealed);
    },
    removeToken: (session) => remove(tokenKey(session)),
    saveHandle: async (handle, owner) => {
      await update(handleKey(handle), {
        UpdateExpression:
          'SET #subject = :subject, #tenant = :tenant, #role = :role, #version = :version, #session = :session, #expires = :expires, #ttl = :expires, #status = :current',
        ConditionExpression: 'attribute_not_exists(pk)',
        ExpressionAttributeNames: {
          '#subject': 'subject',
          '#tenant': 'tenant',
          '#role': 'role',
          '#version': 'roleVersion',
          '#session': 'session',
          '#expires': 'expiresAt',
          '#ttl': 'ttl',
          '#status': 'status',
        },
        ExpressionAttributeValues: {
          ':subject': { S: owner.subject },
          ':tenant': { S: owner.tenant },
          ':role': { S: owner.role },
          ':version': { N: String(owner.roleVersion) },
          ':session': { S: owner.session },
          ':expires': { N: String(owner.expiresAt) },
          ':current': { S: 'current' },
        },
      });
    },
    judgeHandle: async (handle, use) => judge(await get<HandleItem>(handleKey(handle)), use),
    useHandle: async (handle, { successor, client, now }) => {
      const time = seconds(now);
      const { refused, item } = await update(handleKey(handle), {
        UpdateExpression: 'SET #status = :used, usedAt = :now, usedBy = :client',
        ConditionExpression: '#status = :current AND expiresAt > :now',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':used': { S: 'used' },
          ':current': { S: 'current' },
          ':now': { N: String(time) },
          ':client': { S: client },
        },
      });
      const used = item && (unmarshall(item) as HandleItem);
      if (used && !refused) return { verdict: 'first', owner: used };
      return judge(used, { successor, client, now });
    },
    countAttempt: async (account, now) => {
      const time = seconds(now);
      const one = { N: '1' };
      const before = { N: String(time - attemptWindow) };
      const names = { '#n': 'n', '#since': 'since' };
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const counted = await update(attemptsKey(account), {
          UpdateExpression: 'SET #n = #n + :one',
          ConditionExpression: '#since > :before AND #n < :most',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: {
            ':one': one,
            ':most': { N: String(failedVerifications) },
            ':before': before,
          },
        });
        if (!counted.refused) return;
        const { since = 0 } = unmarshall(counted.item ?? {}) as { since?: number };
        if (since > time - attemptWindow)
          throw new ApiError('rate-limited', {
            headers: { 'retry-after': String(Math.max(1, since + attemptWindow - time)) },
            policy: 'rate.verifications',
          });
        const begun = await update(attemptsKey(account), {
          UpdateExpression: 'SET #n = :one, #since = :now, #ttl = :ttl',
          ConditionExpression: 'attribute_not_exists(pk) OR #since <= :before',
          ExpressionAttributeNames: { ...names, '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':one': one,
            ':now': { N: String(time) },
            ':ttl': { N: String(time + 2 * attemptWindow) },
            ':before': before,
          },
        });
        if (!begun.refused) return;
      }
      throw new ApiError('unavailable');
    },
    forgiveAttempt: async (account) => {
      await update(attemptsKey(account), {
        UpdateExpression: 'SET #n = #n - :one',
        ConditionExpression: '#n > :zero',
        ExpressionAttributeNames: { '#n': 'n' },
        ExpressionAttributeValues: { ':one': { N: '1' }, ':zero': { N: '0' } },
      });
    },
    forgetAttempts: (account) => remove(attemptsKey(account)),
    useCode: async (code, now) => {
      const time = seconds(now);
      const { refused } = await update(codeKey(code), {
        UpdateExpression: 'SET expiresAt = :until, #ttl = :until',
        ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':until': { N: String(time + codeLife) }, ':now': { N: String(time) } },
      });
      return !refused;
    },
  };
};
