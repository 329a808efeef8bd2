/** One sign-in of a principal, in its sessions item; times are epoch seconds. */
export interface SessionRecord {
  readonly status: 'active' | 'ended';
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly roleVersion: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly factor?: string;
}

/** A principal's sessions, and how many requests it made in the current minute. */
export interface SessionsItem {
  /** Minutes since the epoch. */
  readonly window: number;
  readonly n: number;
  readonly sessions: { readonly [session: string]: SessionRecord };
}

/** Requests of one principal in one minute (requirement F5). */
export const requestsPerMinute = 100;

/** The longest life of an access token, in seconds (requirement B2). */
export const longestTokenLife = 900;

/** What keeps a request from being counted. */
export type SessionVerdict = 'unknown' | 'over' | 'earlier window' | 'later window' | 'limited' | 'live';

/** Tells from the stored item why a conditional update was refused; anything doubtful is over. */
export const judgeSession = (
  item: SessionsItem | undefined,
  { session, roleVersion }: { readonly session: string; readonly roleVersion: number },
  { window, now }: { readonly window: number; readonly now: number },
): SessionVerdict => {
  const record = item && Object.hasOwn(item.sessions, session) ? item.sessions[session] : undefined;
  if (item === undefined || record === undefined) return 'unknown';
  const alive =
    record.status === 'active' &&
    record.roleVersion === roleVersion &&
    record.idleExpiresAt > now &&
    record.absoluteExpiresAt > now;
  if (!alive) return 'over';
  if (item.window < window) return 'earlier window';
  if (item.window > window) return 'later window';
  return item.n >= requestsPerMinute ? 'limited' : 'live';
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
