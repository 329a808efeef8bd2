import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import { type ClientOrigin, comparable } from '../domain/client-description.ts';
import type { DirectoryPrincipal, Factor } from '../domain/directory-entry.ts';
import {
  endedThrough,
  forgettable,
  isLive,
  judgeSession,
  requestsPerMinute,
  type SessionRecord,
  type SessionsItem,
} from '../domain/judge-session.ts';
import type { Principal } from '../domain/principal.ts';
import type { SessionLimits } from '../domain/session-limits.ts';
import type { VerifiedToken } from './access-tokens.ts';
import type { Directory } from './directory.ts';
import { throughConflicts } from './through-conflicts.ts';

/** The sign-in whose session is meant. */
export type SessionKey = Pick<Principal, 'tenant' | 'subject' | 'session' | 'role' | 'roleVersion'>;

/** Whose session begins, as the verified token says it. */
export type SessionPrincipal = SessionKey & Pick<Principal, 'client' | 'patient'>;

/** How a session begins. */
export interface SessionBeginning {
  readonly at: Date;
  readonly factor?: Factor;
  /** The enrolment of the factor that was verified; after a reset of factors it opens no session any more. */
  readonly enrolment?: string;
}

/** A live session, as its owner sees it; times are epoch seconds. */
export interface SessionView
  extends Pick<SessionRecord, 'client' | 'network' | 'agent' | 'factor' | 'startedAt' | 'idleExpiresAt'> {
  readonly id: string;
  /** The session's end, whatever happens in it. */
  readonly expiresAt: number;
}

/** Sessions of principals, and their rate (design.md §3). */
export interface SessionStore {
  /**
   * Counts a request of a live session; a token whose session is not known introduces it after the directory was checked.
   * A request from another network and by another agent than the sign-in's ends the session.
   * @throws ApiError `unauthenticated` when the session is over, `rate-limited` beyond the rate.
   */
  readonly check: (token: VerifiedToken, now: Date, from: ClientOrigin) => Promise<void>;
  /**
   * Likewise for continuing a session, which is no activity and does not prolong it; an unknown session is over.
   * @returns the strongest factor that was verified in it.
   */
  readonly checkContinued: (
    session: SessionKey,
    now: Date,
    from: ClientOrigin,
  ) => Promise<{ readonly factor: Factor }>;
  /**
   * Starts a session, if the directory still says of the principal what the token does.
   * @returns its absolute end, in epoch seconds.
   * @throws ApiError `unauthenticated` when it does not, `rate-limited` when the principal has too many.
   */
  readonly start: (
    principal: SessionPrincipal,
    began: SessionBeginning,
    now: Date,
    from: ClientOrigin,
  ) => Promise<number>;
  /**
   * Ends a session at once.
   * @returns whether it is one of the principal's; one that is over stays so.
   */
  readonly end: (session: Pick<SessionKey, 'tenant' | 'subject' | 'session'>, now: Date) => Promise<boolean>;
  /** The principal's live sessions. */
  readonly list: (principal: Omit<SessionKey, 'session'>, now: Date) => Promise<readonly SessionView[]>;
  /**
   * Notes that a stronger factor was verified in a session.
   * @throws ApiError `unauthenticated` when the session is over.
   */
  readonly elevate: (session: SessionKey, factor: Exclude<Factor, 'totp'>, now: Date) => Promise<void>;
  /**
   * What ends every session of a principal, for a transaction; it also refuses sessions of tokens that were issued for
   * earlier sign-ins and not used yet.
   */
  readonly endAllUpdate: (tenant: string, subject: string, now: Date) => TransactWriteItem;
  /** Likewise of a principal's sessions through one client. */
  readonly endThroughUpdate: (
    tenant: string,
    subject: string,
    client: string,
    now: Date,
  ) => TransactWriteItem;
}

/** Sign-ins of one principal that are remembered at a time. */
const mostSessions = 100;
/** Seconds after a sign-in within which its token must have been issued to introduce a session. */
const introductionWindow = 60;
const attempts = 8;
const aDay = 86_400;

const liveNames = {
  '#generation': 'generation',
  '#sessions': 'sessions',
  '#status': 'status',
  '#role': 'roleVersion',
  '#idle': 'idleExpiresAt',
  '#absolute': 'absoluteExpiresAt',
};
const live =
  '#sessions.#session.#status = :active AND #sessions.#session.#generation = #generation AND #sessions.#session.#role = :role AND #sessions.#session.#idle > :now AND #sessions.#session.#absolute > :now';
const through = '(attribute_not_exists(#ended) OR #sessions.#session.#startedAt > #ended)';
const atHome = '(#sessions.#session.#network = :network OR #sessions.#session.#agent = :agent)';
const liveValues = ({ roleVersion }: SessionKey, now: number): Record<string, AttributeValue> => ({
  ':active': { S: 'active' },
  ':role': { N: String(roleVersion) },
  ':now': { N: String(now) },
});

/** What makes a principal's item whole, whether or not it is there. */
const whole = {
  set: '#sessions = if_not_exists(#sessions, :none), #window = if_not_exists(#window, :zero), #n = if_not_exists(#n, :zero), #ttl = :ttl',
  names: {
    '#sessions': 'sessions',
    '#window': 'window',
    '#n': 'n',
    '#ttl': 'ttl',
    '#generation': 'generation',
  },
  values: (expiresAt: number): Record<string, AttributeValue> => ({
    ':none': { M: {} },
    ':zero': { N: '0' },
    ':ttl': { N: String(expiresAt + aDay) },
  }),
};

const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
const ended = (policy: string): ApiError => new ApiError('unauthenticated', { policy });
const keyOf = (tenant: string, subject: string): Record<string, AttributeValue> => ({
  pk: { S: `T#${tenant}#U#${subject}` },
  sk: { S: 'SESSIONS' },
});
const sessionIn = (item: SessionsItem | undefined, session: string): SessionRecord | undefined =>
  item && Object.hasOwn(item.sessions, session) ? item.sessions[session] : undefined;

/** Whether the directory lets a principal act, as the token says, and by the factor that was verified. */
const isAsKnown = (
  principal: SessionPrincipal,
  { enrolment }: SessionBeginning,
  known: DirectoryPrincipal | undefined,
  now: Date,
): boolean =>
  known?.status === 'active' &&
  (enrolment === undefined || known.mfaEnrolledAt === enrolment) &&
  known.tenant === principal.tenant &&
  known.role === principal.role &&
  known.roleVersion === principal.roleVersion &&
  known.patient === principal.patient &&
  (known.grantExpiresAt === undefined || Date.parse(known.grantExpiresAt) > now.getTime());

interface Update {
  readonly set: string;
  readonly condition?: string;
  readonly names: Record<string, string>;
  readonly values: Record<string, AttributeValue>;
  readonly returns?: 'ALL_NEW';
}

/** The sessions table, with credentials that reach one tenant's keys only. */
export const sessionStore = (options: {
  readonly table: string;
  readonly clientFor: (tenant: string) => DynamoDBClient;
  readonly limitsOf: (role: Role) => SessionLimits;
  readonly directory: Pick<Directory, 'principal'>;
}): SessionStore => {
  const { table, clientFor, limitsOf, directory } = options;

  /** An update of a principal's item; answers the item, when it is asked for or the condition refused it. */
  const update = async (
    { tenant, subject }: Pick<SessionKey, 'tenant' | 'subject'>,
    { set, condition, names: attributes, values, returns }: Update,
  ): Promise<{ readonly refused: boolean; readonly item?: SessionsItem }> => {
    try {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: keyOf(tenant, subject),
        UpdateExpression: set,
        ConditionExpression: condition,
        ExpressionAttributeNames: attributes,
        ExpressionAttributeValues: values,
        ReturnValues: returns,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const { Attributes } = await throughConflicts(() => clientFor(tenant).send(command));
      return { refused: false, ...(Attributes && { item: unmarshall(Attributes) as SessionsItem }) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { refused: true, ...(error.Item && { item: unmarshall(error.Item) as SessionsItem }) };
    }
  };

  const count = (
    key: SessionKey & Partial<Pick<SessionPrincipal, 'client'>>,
    {
      window,
      now,
      prolongs,
      rollsOver,
    }: { window: number; now: number; prolongs: boolean; rollsOver: boolean },
    { network, agent }: ClientOrigin,
  ): ReturnType<typeof update> => {
    const prolong = prolongs ? ', #sessions.#session.#idle = :idle' : '';
    const { client } = key;
    const mayPass = client === undefined ? `${live} AND ${atHome}` : `${live} AND ${through} AND ${atHome}`;
    return update(key, {
      set: rollsOver ? `SET #window = :window, #n = :one${prolong}` : `SET #n = #n + :one${prolong}`,
      condition: rollsOver
        ? `#window < :window AND ${mayPass}`
        : `#window = :window AND #n < :most AND ${mayPass}`,
      names: {
        ...liveNames,
        ...(client !== undefined && { '#ended': endedThrough(client), '#startedAt': 'startedAt' }),
        '#session': key.session,
        '#window': 'window',
        '#n': 'n',
        '#network': 'network',
        '#agent': 'agent',
      },
      values: {
        ...liveValues(key, now),
        ':window': { N: String(window) },
        ':one': { N: '1' },
        ':network': { S: comparable(network) },
        ':agent': { S: comparable(agent) },
        ...(!rollsOver && { ':most': { N: String(requestsPerMinute(key.role)) } }),
        ...(prolongs && { ':idle': { N: String(now + limitsOf(key.role).idle) } }),
      },
      ...(!prolongs && { returns: 'ALL_NEW' }),
    });
  };

  const end: SessionStore['end'] = async (key, now) => {
    const { refused, item } = await update(key, {
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
    return !refused || sessionIn(item, key.session) !== undefined;
  };

  /** Counts a request, and gives the item where it was asked for. */
  const admit = async (
    key: SessionKey & Partial<Pick<SessionPrincipal, 'client'>>,
    at: Date,
    from: ClientOrigin,
    { prolongs, introduce }: { readonly prolongs: boolean; readonly introduce: () => Promise<unknown> },
  ): Promise<SessionsItem | undefined> => {
    const now = seconds(at);
    let window = Math.floor(now / 60);
    let rollsOver = false;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { refused, item } = await count(key, { window, now, prolongs, rollsOver }, from);
      if (!refused) return item;
      const verdict = judgeSession(item, key, from, { window, now });
      rollsOver = verdict === 'earlier window';
      if (verdict === 'over') throw ended('session.over');
      if (verdict === 'anomalous') {
        await end(key, at);
        throw new ApiError('unauthenticated', { event: 'SECURITY', policy: 'session.anomaly' });
      }
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

  /** Makes the principal's item whole, and gives it. */
  const prepared = async (key: SessionKey, expiresAt: number): Promise<SessionsItem> => {
    const { item } = await update(key, {
      set: `SET ${whole.set}, #generation = if_not_exists(#generation, :zero)`,
      names: whole.names,
      values: whole.values(expiresAt),
      returns: 'ALL_NEW',
    });
    if (item === undefined) throw new Error('an update gave no item');
    return item;
  };

  /**
   * The directory is read between two steps on the item: whoever ends all sessions before that is noticed there, and whoever
   * does so after the first step by the second, for it finds another generation.
   */
  const start: SessionStore['start'] = async (principal, beginning, time, { network, agent }) => {
    const { at, factor } = beginning;
    const { session, role, roleVersion, client } = principal;
    const now = seconds(time);
    const { idle, absolute } = limitsOf(role);
    const began = seconds(at);
    const expiresAt = began + absolute;
    const item = await prepared(principal, expiresAt);
    if (!isAsKnown(principal, beginning, await directory.principal(principal.subject), time))
      throw ended('session.principal');
    const known = sessionIn(item, session);
    if (known !== undefined) return known.absoluteExpiresAt;
    if (item.endedAllAt !== undefined && at.getTime() / 1000 <= item.endedAllAt) throw ended('session.over');
    const old = forgettable(item.sessions, now);
    if (Object.keys(item.sessions).length - old.length >= mostSessions)
      throw new ApiError('rate-limited', { headers: { 'retry-after': '60' }, policy: 'rate.sessions' });
    const record: SessionRecord = {
      status: 'active',
      roleVersion,
      generation: item.generation,
      startedAt: began,
      idleExpiresAt: now + idle,
      absoluteExpiresAt: expiresAt,
      client,
      network,
      agent,
      ...(factor !== undefined && { factor }),
    };
    const forget =
      old.length > 0 ? ` REMOVE ${old.map((_, index) => `#sessions.#old${index}`).join(', ')}` : '';
    const { refused, item: current } = await update(principal, {
      set: `SET #sessions.#session = :session${forget}`,
      condition: '#generation = :generation AND attribute_not_exists(#sessions.#session)',
      names: {
        '#sessions': 'sessions',
        '#session': session,
        '#generation': 'generation',
        ...Object.fromEntries(old.map((id, index) => [`#old${index}`, id])),
      },
      values: { ':session': { M: marshall(record) }, ':generation': { N: String(item.generation) } },
    });
    const begun = refused ? sessionIn(current, session) : record;
    if (begun === undefined) throw ended('session.over');
    return begun.absoluteExpiresAt;
  };

  const introduce = async (
    { principal, issuedAt, authenticatedAt }: VerifiedToken,
    now: Date,
    from: ClientOrigin,
  ): Promise<void> => {
    if (issuedAt - authenticatedAt > introductionWindow) throw ended('session.unknown');
    await start(principal, { at: new Date(authenticatedAt * 1000) }, now, from);
  };

  return {
    check: async (token, now, from) => {
      await admit(token.principal, now, from, {
        prolongs: true,
        introduce: () => introduce(token, now, from),
      });
    },
    checkContinued: async (key, now, from) => {
      const item = await admit(key, now, from, {
        prolongs: false,
        introduce: () => Promise.reject(ended('session.unknown')),
      });
      const factor = sessionIn(item, key.session)?.factor;
      if (factor === undefined) throw ended('session.unknown');
      return { factor };
    },
    start,
    end,
    list: async ({ tenant, subject, roleVersion }, time) => {
      const { Item } = await clientFor(tenant).send(
        new GetItemCommand({ TableName: table, Key: keyOf(tenant, subject), ConsistentRead: true }),
      );
      const item = Item && (unmarshall(Item) as SessionsItem);
      if (item === undefined) return [];
      return Object.entries(item.sessions)
        .filter(([, record]) => isLive(item, record, { roleVersion, now: seconds(time) }))
        .map(([id, { client, network, agent, factor, startedAt, idleExpiresAt, absoluteExpiresAt }]) => ({
          id,
          client,
          network,
          agent,
          startedAt,
          idleExpiresAt,
          expiresAt: absoluteExpiresAt,
          ...(factor !== undefined && { factor }),
        }));
    },
    elevate: async (key, factor, now) => {
      const { refused } = await update(key, {
        set: 'SET #sessions.#session.#factor = :factor',
        condition: live,
        names: { ...liveNames, '#session': key.session, '#factor': 'factor' },
        values: { ...liveValues(key, seconds(now)), ':factor': { S: factor } },
      });
      if (refused) throw ended('session.over');
    },
    endAllUpdate: (tenant, subject, now) => ({
      Update: {
        TableName: table,
        Key: keyOf(tenant, subject),
        UpdateExpression: `SET ${whole.set}, #generation = if_not_exists(#generation, :zero) + :one, #endedAllAt = :now`,
        ExpressionAttributeNames: { ...whole.names, '#endedAllAt': 'endedAllAt' },
        ExpressionAttributeValues: {
          ...whole.values(seconds(now) + aDay),
          ':one': { N: '1' },
          ':now': { N: String(now.getTime() / 1000) },
        },
      },
    }),
    endThroughUpdate: (tenant, subject, client, now) => ({
      Update: {
        TableName: table,
        Key: keyOf(tenant, subject),
        UpdateExpression: `SET ${whole.set}, #generation = if_not_exists(#generation, :zero), #ended = :now`,
        ExpressionAttributeNames: { ...whole.names, '#ended': endedThrough(client) },
        ExpressionAttributeValues: {
          ...whole.values(seconds(now) + aDay),
          ':now': { N: String(now.getTime() / 1000) },
        },
      },
    }),
  };
};
