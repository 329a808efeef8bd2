import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { SessionView } from '../ports/session-store.ts';
import { cursorBehind, pageAsked } from './page.ts';
import type { Run } from './run.ts';

const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
/** Where a session stands in the list: the newest comes last. */
const positionOf = ({ startedAt, id }: SessionView): string => `${String(startedAt).padStart(12, '0')}.${id}`;

const described = (
  { id, client, network, agent, factor, startedAt, idleExpiresAt, expiresAt }: SessionView,
  current: string,
) => ({
  id,
  isCurrent: id === current,
  client,
  network,
  agent,
  mfa: factor ?? 'none',
  startedAt: time(startedAt),
  idleExpiresAt: time(idleExpiresAt),
  expiresAt: time(expiresAt),
});

/** Lists the caller's live sessions. */
export const listSessions: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, { sessions, signIn }) => {
    const { principal, now } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    const { after = '', limit } = await pageAsked(request, signIn);
    const live = await sessions.list(principal, now);
    const rest = live
      .map((session) => ({ session, position: positionOf(session) }))
      .sort((one, other) => (one.position < other.position ? -1 : 1))
      .filter(({ position }) => position > after);
    const page = rest.slice(0, limit);
    const last = rest.length > limit ? page.at(-1) : undefined;
    return {
      status: 200,
      body: {
        items: page.map(({ session }) => described(session, principal.session)),
        ...(last && { cursor: await cursorBehind(request, last.position, signIn) }),
      },
    };
  },
};
