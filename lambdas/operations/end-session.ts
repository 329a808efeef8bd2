import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import type { SessionKey } from '../ports/session-store.ts';
import type { OperationRequest, OperationResult } from './run.ts';

const orWarned = async (revoke: () => Promise<void>, { log }: Pick<IdentityPorts, 'log'>): Promise<void> => {
  try {
    await revoke();
  } catch {
    log.warn('revocation-failed', {});
  }
};

/** Revokes a refresh token of Cognito's that nobody was given. */
export const revokeToken = (
  refreshToken: string | undefined,
  { signIn, log }: Pick<IdentityPorts, 'signIn' | 'log'>,
): Promise<void> =>
  orWarned(
    async () => {
      if (refreshToken !== undefined) await signIn.revoke(refreshToken);
    },
    { log },
  );

/**
 * Revokes what continues a session at Cognito. When Cognito cannot be reached the session is over all the same, for its
 * refresh token never left the platform.
 */
export const revokeSession = (
  session: string,
  { signIn, signIns, log }: Pick<IdentityPorts, 'signIn' | 'signIns' | 'log'>,
): Promise<void> =>
  orWarned(
    async () => {
      const refreshToken = await signIns.token(session);
      if (refreshToken === undefined) return;
      await signIn.revoke(refreshToken);
      await signIns.removeToken(session);
    },
    { log },
  );

/** Likewise for every session of a principal. */
export const revokeSessions = (
  subject: string,
  { accounts, log }: Pick<IdentityPorts, 'accounts' | 'log'>,
): Promise<void> => orWarned(() => accounts.signOut(subject), { log });

/** Ends a session: first here, where every token of it is refused from now on, then at Cognito. */
export const endSession = async (
  session: Pick<SessionKey, 'tenant' | 'subject' | 'session'>,
  now: Date,
  ports: Pick<IdentityPorts, 'sessions' | 'signIn' | 'signIns' | 'log'>,
): Promise<void> => {
  await ports.sessions.end(session, now);
  await revokeSession(session.session, ports);
};

/**
 * Ends every session of a principal, in one transaction with the audit entry, and then at Cognito.
 * @param condition what must hold for it
 * @throws ApiError `conflict` when that does not.
 */
export const endSessions = async (
  { operation, now, auditInTransaction }: OperationRequest,
  { tenant, subject }: Pick<SessionKey, 'tenant' | 'subject'>,
  ports: Pick<IdentityPorts, 'accounts' | 'auditPut' | 'directory' | 'log' | 'sessions'>,
  condition?: ReturnType<IdentityPorts['directory']['principalCheck']>,
): Promise<OperationResult> => {
  const audited = auditInTransaction(operation.status);
  const done = await ports.directory.commit([
    ...(condition ? [condition] : []),
    ports.sessions.endAllUpdate(tenant, subject, now),
    { Put: ports.auditPut(audited.entry) },
  ]);
  if (!done)
    throw condition ? new ApiError('conflict', { policy: 'person.changed' }) : new ApiError('unavailable');
  audited.committed();
  await revokeSessions(subject, ports);
  return { status: operation.status };
};
