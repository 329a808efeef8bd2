import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import {
  forgettable,
  judgeSession,
  requestsPerMinute,
  type SessionRecord,
  type SessionsItem,
} from '../domain/judge-session.ts';
import type { Principal } from '../domain/principal.ts';
import type { SessionLimits } from '../domain/session-limits.ts';
import type { VerifiedToken } from './access-tokens.ts';
import type { Directory } from './directory.ts';

/** The sign-in whose session is meant. */
export type SessionKey = Pick<Principal, 'tenant' | 'subject' | 'session' | 'role' | 'roleVersion'>;

/** Sessions of principals, and their rate (design.md §3). */
export interface SessionStore {
  /**
   * Counts a request of a live session; a token whose session is not known introduces it after the directory was checked.
   * @throws ApiError `unauthenticated` when the session is over, `rate-limited` beyond the rate.
   */
  readonly check: (token: VerifiedToken, now: Date) => Promise<void>;
  /** Likewise for continuing a session, which is no activity and does not prolong it; an unknown session is over. */
  readonly checkContinued: (session: SessionKey, now: Date) => Promise<void>;
  /**
   * Starts a session.
   * @returns its absolute end, in epoch seconds.
   * @throws ApiError `rate-limited` when the principal has too many.
   */
  readonly start: (
    session: SessionKey,
    began: { readonly at: Date; readonly factor?: string },
    now: Date,
  ) => Promise<number>;
  /** Ends a session at once. */
  readonly end: (session: Pick<SessionKey, 'tenant' | 'subject' | 'session'>, now: Date) => Promise<void>;
}

/** Sign-ins of one principal that are remembered at a time. */
const mostSessions = 100;
/** Seconds after a sign-in within which its token must have been issued to introduce a session. */
const introductionWindow = 60;
const attempts = 8;

const names = {
  '#window': 'window',
  '#n': 'n',
  '#sessions': 'sessions',
  '#status': 'status',
  '#role': 'roleVersion',
  '#idle': 'idleExpiresAt',
  '#absolute': 'absoluteExpiresAt',
};
const isLive =
  '#sessions.#session.#status = :active AND #sessions.#session.#role = :role AND #sessions.#session.#idle > :now AND #sessions.#session.#absolute > :now';

const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
const ended = (policy: string): ApiError => new ApiError('unauthenticated', { policy });

/** The sessions table, with credentials that reach one tenant's keys only. */
export const sessionStore = (options: {
  readonly table: string;
  readonly clientFor: (tenant: string) => DynamoDBClient;
  readonly limitsOf: (role: Role) => SessionLimits;
  readonly directory: Pick<Directory, 'principal'>;
}): SessionStore => {
  const { table, clientFor, limitsOf, directory } = options;

  /** An update of a principal's item; answers the item that its condition refused. */
  const update = async (
    { tenant, subject }: Pick<SessionKey, 'tenant' | 'subject'>,
    command: {
      readonly set: string;
      readonly condition: string;
      readonly names: Record<string, string>;
      readonly values: Record<string, AttributeValue>;
    },
  ): Promise<{ readonly refused: boolean; readonly item?: SessionsItem }> => {
    try {
      await clientFor(tenant).send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: `T#${tenant}#U#${subject}` }, sk: { S: 'SESSIONS' } },
          UpdateExpression: command.set,
          ConditionExpression: command.condition,
          ExpressionAttributeNames: command.names,
          ExpressionAttributeValues: command.values,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { refused: false };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { refused: true, ...(error.Item && { item: unmarshall(error.Item) as SessionsItem }) };
    }
  };

  const count = (
    key: SessionKey,
    {
      window,
      now,
      prolongs,
      rollsOver,
    }: { window: number; now: number; prolongs: boolean; rollsOver: boolean },
  ): ReturnType<typeof update> => {
    const prolong = prolongs ? ', #sessions.#session.#idle = :idle' : '';
    return update(key, {
      set: rollsOver ? `SET #window = :window, #n = :one${prolong}` : `SET #n = #n + :one${prolong}`,
      condition: rollsOver
        ? `#window < :window AND ${isLive}`
        : `#window = :window AND #n < :most AND ${isLive}`,
      names: { ...names, '#session': key.session },
      values: {
        ':window': { N: String(window) },
        ':one': { N: '1' },
        ':active': { S: 'active' },
        ':role': { N: String(key.roleVersion) },
        ':now': { N: String(now) },
        ...(!rollsOver && { ':most': { N: String(requestsPerMinute) } }),
        ...(prolongs && { ':idle': { N: String(now + limitsOf(key.role).idle) } }),
      },
    });
  };

  const admit = async (
    key: SessionKey,
    at: Date,
    { prolongs, introduce }: { readonly prolongs: boolean; readonly introduce: () => Promise<void> },
  ): Promise<void> => {
    const now = seconds(at);
    let window = Math.floor(now / 60);
    let rollsOver = false;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { refused, item } = await count(key, { window, now, prolongs, rollsOver });
      if (!refused) return;
      const verdict = judgeSession(item, key, { window, now });
      rollsOver = verdict === 'earlier window';
      if (verdict === 'over') throw ended('session.over');
      if (verdict === 'limited')
        throw new ApiError('rate-limited', {
          headers: { 'retry-after': String(Math.max(1, (window + 1) * 60 - now)) },
          policy: 'rate.principal',
        });
      if (verdict === 'unknown') await introduce();
      if (verdict === 'later window' && item) window = item.window;
    }
    throw new ApiError('unavailable');
  };

  const start: SessionStore['start'] = async (key, { at, factor }, time) => {
    const now = seconds(time);
    const { idle, absolute } = limitsOf(key.role);
    const began = seconds(at);
    const record: SessionRecord = {
      status: 'active',
      roleVersion: key.roleVersion,
      startedAt: began,
      idleExpiresAt: now + idle,
      absoluteExpiresAt: began + absolute,
      ...(factor !== undefined && { factor }),
    };
    const ttl = { N: String(began + absolute + 86_400) };
    const session = { M: marshall(record) };
    const first = await update(key, {
      set: 'SET #sessions = :sessions, #window = :zero, #n = :zero, #ttl = :ttl',
      condition: 'attribute_not_exists(pk)',
      names: { '#sessions': 'sessions', '#window': 'window', '#n': 'n', '#ttl': 'ttl' },
      values: { ':sessions': { M: { [key.session]: session } }, ':zero': { N: '0' }, ':ttl': ttl },
    });
    if (!first.refused) return record.absoluteExpiresAt;
    const known = first.item?.sessions ?? {};
    if (Object.hasOwn(known, key.session)) return record.absoluteExpiresAt;
    const old = forgettable(known, now);
    if (Object.keys(known).length - old.length >= mostSessions)
      throw new ApiError('rate-limited', { headers: { 'retry-after': '60' }, policy: 'rate.sessions' });
    const forget =
      old.length > 0 ? ` REMOVE ${old.map((_, index) => `#sessions.#old${index}`).join(', ')}` : '';
    await update(key, {
      set: `SET #sessions.#session = :session, #ttl = :ttl${forget}`,
      condition: 'attribute_exists(#sessions) AND attribute_not_exists(#sessions.#session)',
      names: {
        '#sessions': 'sessions',
        '#session': key.session,
        '#ttl': 'ttl',
        ...Object.fromEntries(old.map((id, index) => [`#old${index}`, id])),
      },
      values: { ':session': session, ':ttl': ttl },
    });
    return record.absoluteExpiresAt;
  };

  const introduce = async (
    { principal, issuedAt, authenticatedAt }: VerifiedToken,
    now: Date,
  ): Promise<void> => {
    if (issuedAt - authenticatedAt > introductionWindow) throw ended('session.unknown');
    const known = await directory.principal(principal.subject);
    const isSame =
      known?.status === 'active' &&
      known.tenant === principal.tenant &&
      known.role === principal.role &&
      known.roleVersion === principal.roleVersion &&
      known.patient === principal.patient;
    if (!isSame) throw ended('session.principal');
    await start(principal, { at: new Date(authenticatedAt * 1000) }, now);
  };

  return {
    check: (token, now) =>
      admit(token.principal, now, { prolongs: true, introduce: () => introduce(token, now) }),
    checkContinued: (key, now) =>
      admit(key, now, {
        prolongs: false,
        introduce: () => Promise.reject(ended('session.unknown')),
      }),
    start,
    end: async (key, now) => {
      await update(key, {
        set: 'SET #sessions.#session.#status = :ended, #sessions.#session.#endedAt = :now',
        condition: '#sessions.#session.#status = :active',
        names: {
          '#sessions': 'sessions',
          '#session': key.session,
          '#status': 'status',
          '#endedAt': 'endedAt',
        },
        values: { ':ended': { S: 'ended' }, ':active': { S: 'active' }, ':now': { N: String(seconds(now)) } },
      });
    },
  };
};
