import { performance } from 'node:perf_hooks';
import { scopeFor } from '../../model/derive/operations.ts';
import { problems } from '../../model/problems.ts';
import { ApiError } from '../domain/api-error.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { checkedAuditEntry } from '../domain/checked-audit-entry.ts';
import { entryId } from '../domain/entry-id.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Chain, ChainMiddleware } from './chain.ts';

type End = Pick<AuditEntry, 'type' | 'outcome' | 'status'> & {
  readonly policy: string | undefined;
  readonly problem?: string;
};

const exercisedScopes = ({ operation, principal }: Chain): string[] | undefined => {
  if (principal === undefined) return undefined;
  const scope = operation && scopeFor(operation, principal.role);
  return scope !== undefined && principal.scopes.has(scope) ? [scope] : [];
};

const entryOf = (chain: Chain, end: End): AuditEntry => {
  const { facts, principal, mark } = chain;
  const succeeded = end.outcome === 'success';
  return checkedAuditEntry({
    format: 1,
    id: entryId(chain.requestId),
    type: end.type,
    time: chain.now.toISOString(),
    tenant: principal?.tenant ?? facts.tenant ?? 'platform',
    operation: chain.operation?.id ?? 'unknown',
    outcome: end.outcome,
    status: end.status,
    duration: Math.round(performance.now() - chain.startedAt),
    requestId: chain.requestId,
    writer: mark.writer,
    writerCounter: mark.writerCounter,
    actor: principal?.subject ?? facts.actor,
    role: principal?.role ?? facts.role,
    session: principal?.session ?? facts.session,
    client: principal?.client ?? facts.client,
    purpose: chain.purpose,
    scopes: exercisedScopes(chain),
    policy: end.policy,
    problem: end.problem,
    patient: facts.patient,
    resource: facts.resource,
    resourceId: facts.resourceId,
    version: succeeded ? facts.version : undefined,
    disclosed: succeeded ? facts.disclosed : undefined,
    matches: succeeded ? facts.matches : undefined,
    changes: succeeded ? facts.changes : undefined,
    alongside: succeeded ? facts.alongside : undefined,
    mfa: facts.mfa,
    grant: succeeded ? facts.grant : undefined,
    parameters: chain.parameters.length > 0 ? chain.parameters : undefined,
    sourceAddress: chain.sourceAddress,
    userAgent: chain.userAgent,
  });
};

/** The audit entry of a request that ended as its operation intends; an operation may also commit it by itself. */
export const successEntry = (chain: Chain, status: number): AuditEntry => {
  const type = chain.facts.type ?? chain.operation?.event;
  if (type === undefined) throw new TypeError('a request without an operation cannot succeed');
  return entryOf(chain, { type, outcome: 'success', status, policy: chain.facts.policy });
};

/** The audit entry of a request that was refused or failed; what it would have disclosed or changed is not in it. */
export const refusalEntry = (chain: Chain, error: ApiError): AuditEntry => {
  const { status, event } = problems[error.code];
  return entryOf(chain, {
    type: error.event ?? event,
    outcome: status < 500 ? 'refused' : 'failure',
    status,
    policy: error.policy ?? chain.facts.policy,
    problem: error.code,
  });
};

/**
 * Leaves one durable audit entry for each request, whatever its end, before the answer goes out; when that is not possible
 * the answer is withheld (requirements E1, E3).
 */
export const audit = (log: AuditLog): ChainMiddleware => ({
  after: async ({ context: { chain }, response }) => {
    if (chain.audited) return;
    try {
      await log.write(successEntry(chain, response?.statusCode ?? 0));
    } catch (cause) {
      throw new ApiError('unavailable', { cause });
    }
    chain.audited = true;
  },
  onError: async (request) => {
    const { chain } = request.context;
    if (chain.audited) return;
    try {
      await log.write(refusalEntry(chain, asApiError(request.error)));
    } catch (cause) {
      request.error = new ApiError('unavailable', { cause });
    }
  },
});
