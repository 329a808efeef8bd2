import { ApiError } from '../domain/api-error.ts';
import { privilegedRoles } from '../domain/token-claims.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { revokeSessions } from './end-session.ts';
import { ownFactors } from './own-factors.ts';
import { demandPasskeySession } from './passkey-session.ts';
import type { Run } from './run.ts';
import { throughFacade } from './through-facade.ts';

/**
 * Removes a passkey of the caller, with its audit entry; it opens nothing any more. Every session of the caller ends with it:
 * one that a stolen passkey opened could register another. Whose powers need a passkey keeps one.
 */
export const removePasskey: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const principal = throughFacade(request, ports);
    const { id = '' } = request.pathParameters;
    const { tenant, subject, role } = principal;
    const { passkeys } = await ownFactors(subject, ports);
    if (!passkeys.some((passkey) => passkey.id === id))
      throw new ApiError('not-found', { policy: 'passkeys.own' });
    Object.assign(request.facts, { resource: 'Passkey', resourceId: id });
    await demandPasskeySession(request, principal, ports);
    const other = passkeys.find((passkey) => passkey.id !== id);
    const needsOther = privilegedRoles.includes(role);
    if (needsOther && other === undefined) throw new ApiError('conflict', { policy: 'passkeys.last' });
    const audited = request.auditInTransaction(204);
    const done = await ports.directory.commit([
      ports.directory.principalCheck({ ...principal, status: 'active' }, request.now),
      ports.passkeys.removal(subject, id),
      ...(needsOther && other !== undefined ? [ports.passkeys.check(subject, other.id)] : []),
      ports.sessions.endAllUpdate(tenant, subject, request.now),
      { Put: ports.auditPut(audited.entry) },
    ]);
    if (!done) throw new ApiError('conflict', { policy: 'passkeys.changed' });
    audited.committed();
    await revokeSessions(subject, ports);
    return { status: 204 };
  },
};
