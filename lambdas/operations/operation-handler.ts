import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Operation } from '../../model/derive/operations.ts';
import { ApiError } from '../domain/api-error.ts';
import type { EventValidator } from '../generated/validators.js';
import { audit, successEntry } from '../middleware/audit.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { authorize } from '../middleware/authorize.ts';
import { body } from '../middleware/body.ts';
import type { ApiAnswer, ApiEvent, Chain, ChainContext } from '../middleware/chain.ts';
import { startChain } from '../middleware/chain.ts';
import { parameters } from '../middleware/parameters.ts';
import { problem } from '../middleware/problem.ts';
import { purpose } from '../middleware/purpose.ts';
import { report } from '../middleware/report.ts';
import { session } from '../middleware/session.ts';
import { stepUp } from '../middleware/step-up.ts';
import { validate } from '../middleware/validate.ts';
import type { AccessTokens } from '../ports/access-tokens.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Log } from '../ports/log.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { StepUpProofs } from '../ports/step-up-proofs.ts';
import type { OperationRequest, OperationResult, Run } from './run.ts';

/** What every request needs, whatever its operation. */
export interface ChainPorts {
  readonly auditLog: AuditLog;
  readonly tokens: AccessTokens;
  readonly sessions: SessionStore;
  readonly proofs: StepUpProofs;
  /** The precompiled check of each operation's event, by its id. */
  readonly validators: { readonly [operation: string]: EventValidator };
  readonly log: Log;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

/** A function for API Gateway. */
export type ApiHandler = (event: ApiEvent, context: Context) => Promise<ApiAnswer>;

/** Milliseconds before the invocation's end at which a request is given up, so that its audit entry can still be written. */
const timeoutEarlyInMillis = 2000;
const giveUp = (): never => {
  throw new ApiError('unavailable');
};

const requestOf = (operation: Operation, event: ApiEvent, chain: Chain): OperationRequest => {
  const { requestId, now, principal, purpose: purposeOfUse, fields, ifMatch, idempotencyKey } = chain;
  return {
    operation,
    requestId,
    now,
    body: event.body,
    pathParameters: chain.pathParameters,
    sourceAddress: chain.sourceAddress,
    userAgent: chain.userAgent,
    facts: chain.facts,
    ...(principal && { principal }),
    ...(purposeOfUse && { purpose: purposeOfUse }),
    ...(fields && { fields }),
    ...(ifMatch !== undefined && { ifMatch }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    auditInTransaction: (status) => ({
      entry: successEntry(chain, status),
      committed: () => {
        chain.audited = true;
      },
    }),
  };
};

const answerOf = ({ status, headers = {}, body: content }: OperationResult): ApiAnswer => ({
  statusCode: status,
  headers: { ...headers, ...(content !== undefined && { 'content-type': 'application/json' }) },
  body: content === undefined ? '' : JSON.stringify(content),
});

/** A handler whose chain ends every request with an audit entry and an answer from the catalogue. */
const guarded = (
  ports: ChainPorts,
  operation: Operation | undefined,
  chain: (event: ApiEvent, context: ChainContext) => Promise<ApiAnswer>,
): ApiHandler => {
  const { clock = () => new Date() } = ports;
  return (event, context) =>
    chain(
      { ...event },
      {
        ...context,
        chain: startChain(event, context, { operation, now: clock(), mark: ports.auditLog.mark() }),
      },
    );
};

/**
 * The whole way of a request of one operation (design.md §3): every operation wears the same chain.
 * @throws TypeError at start when there is no validator for it
 */
export const operationHandler = <P, F>(
  operation: Operation,
  run: Run<P, F>,
  ports: ChainPorts & P,
): ApiHandler => {
  const validator = ports.validators[operation.id];
  if (validator === undefined) throw new TypeError(`operation ${operation.id} has no validator`);
  const handler = middy<ApiEvent, ApiAnswer, Error, ChainContext>({
    timeoutEarlyInMillis,
    timeoutEarlyResponse: giveUp,
  })
    .use(problem())
    .use(report(ports.log))
    .use(audit(ports.auditLog))
    .use(session())
    .use(authenticate(ports.tokens, ports.sessions))
    .use(purpose())
    .use(parameters())
    .use(body(operation))
    .use(validate(validator))
    .use(authorize(operation))
    .use(stepUp(operation, ports.proofs))
    .handler(async (event, { chain }) => {
      const request = requestOf(operation, event, chain);
      const fetched = run.fetch(request, ports);
      fetched.catch(() => {});
      await chain.session;
      return answerOf(await run.complete(request, await fetched, ports));
    });
  return guarded(ports, operation, handler as (event: ApiEvent, context: ChainContext) => Promise<ApiAnswer>);
};

/** Refuses, and audits, a request whose route no operation has. */
export const unknownRouteHandler = (ports: ChainPorts): ApiHandler => {
  const handler = middy<ApiEvent, ApiAnswer, Error, ChainContext>()
    .use(problem())
    .use(report(ports.log))
    .use(audit(ports.auditLog))
    .handler(() => {
      throw new ApiError('unknown-route');
    });
  return guarded(ports, undefined, handler as (event: ApiEvent, context: ChainContext) => Promise<ApiAnswer>);
};
