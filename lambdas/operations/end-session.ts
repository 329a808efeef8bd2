import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { SessionKey } from '../ports/session-store.ts';

/**
 * Ends a session: first here, where every token of it is refused from now on, then at Cognito. When Cognito cannot be
 * reached the session is over all the same, for its refresh token never left the platform.
 */
export const endSession = async (
  session: Pick<SessionKey, 'tenant' | 'subject' | 'session'>,
  now: Date,
  { sessions, signIn, signIns, log }: Pick<IdentityPorts, 'sessions' | 'signIn' | 'signIns' | 'log'>,
): Promise<void> => {
  await sessions.end(session, now);
  try {
    const refreshToken = await signIns.token(session.session);
    if (refreshToken === undefined) return;
    await signIn.revoke(refreshToken);
    await signIns.removeToken(session.session);
  } catch {
    log.warn('revocation-failed', {});
  }
};
