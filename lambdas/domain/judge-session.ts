import type { Role } from '../../model/vocabulary.ts';
import { type ClientOrigin, comparable } from './client-description.ts';
import type { Factor } from './directory-entry.ts';

/** One sign-in of a principal, in its sessions item; times are epoch seconds. */
export interface SessionRecord extends ClientOrigin {
  readonly status: 'active' | 'ended';
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly roleVersion: number;
  /** The item's generation when the session began. */
  readonly generation: number;
  readonly startedAt: number;
  readonly client: string;
  readonly endedAt?: number;
  /** The strongest factor that our façade has verified in it; absent when the sign-in was not the façade's. */
  readonly factor?: Factor;
}

/** A principal's sessions, and how many requests it made in the current minute. */
export interface SessionsItem {
  /** Minutes since the epoch. */
  readonly window: number;
  readonly n: number;
  /** Counts how often all sessions were ended; those of an earlier generation are over. */
  readonly generation: number;
  /** Epoch seconds of the last time that all sessions were ended. */
  readonly endedAllAt?: number;
  readonly sessions: { readonly [session: string]: SessionRecord };
  /** Epoch seconds of the last time that all sessions through a client were ended. */
  readonly [ended: `${typeof endedPrefix}${string}`]: number;
}

const endedPrefix = 'ended#';
/** The member of a sessions item that says when all sessions through a client were ended. */
export const endedThrough = (client: string): `${typeof endedPrefix}${string}` => `${endedPrefix}${client}`;

/** Requests of one principal in one minute (requirement F5): machines have a figure of their own. */
export const requestsPerMinute = (role: Role): number => (role === 'system' ? 600 : 100);

/** The longest life of an access token, in seconds (requirement B2). */
export const longestTokenLife = 900;

/** What keeps a request from being counted. */
export type SessionVerdict =
  | 'unknown'
  | 'over'
  | 'anomalous'
  | 'earlier window'
  | 'later window'
  | 'limited'
  | 'live';

/** Whether a session can still be used. */
export const isLive = (
  item: SessionsItem,
  session: SessionRecord,
  { roleVersion, now }: { readonly roleVersion: number; readonly now: number },
): boolean =>
  session.status === 'active' &&
  session.generation === item.generation &&
  session.startedAt > (item[endedThrough(session.client)] ?? 0) &&
  session.roleVersion === roleVersion &&
  session.idleExpiresAt > now &&
  session.absoluteExpiresAt > now;

/**
 * Tells from the stored item why a conditional update was refused; anything doubtful is over. A request from another network
 * and by another agent than the sign-in's is an anomaly: either alone changes in the ordinary course (requirement B4). It is
 * a tripwire and no binding, for a header can be copied.
 */
export const judgeSession = (
  item: SessionsItem | undefined,
  {
    session,
    role,
    roleVersion,
  }: { readonly session: string; readonly role: Role; readonly roleVersion: number },
  { network, agent }: ClientOrigin,
  { window, now }: { readonly window: number; readonly now: number },
): SessionVerdict => {
  const record = item && Object.hasOwn(item.sessions, session) ? item.sessions[session] : undefined;
  if (item === undefined || record === undefined) return 'unknown';
  if (!isLive(item, record, { roleVersion, now })) return 'over';
  if (record.network !== comparable(network) && record.agent !== comparable(agent)) return 'anomalous';
  if (item.window < window) return 'earlier window';
  if (item.window > window) return 'later window';
  return item.n >= requestsPerMinute(role) ? 'limited' : 'live';
};

/**
 * The sessions that can be forgotten: no token of theirs can be alive. One that just ended stays, for a session that is not
 * known may be introduced by its token.
 */
export const forgettable = (sessions: SessionsItem['sessions'], now: number): string[] =>
  Object.entries(sessions).flatMap(([id, { endedAt, idleExpiresAt, absoluteExpiresAt }]) => {
    const over = Math.min(endedAt ?? Number.POSITIVE_INFINITY, idleExpiresAt, absoluteExpiresAt);
    return over + longestTokenLife + 60 < now ? [id] : [];
  });
