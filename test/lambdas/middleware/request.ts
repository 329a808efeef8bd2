import type { Context } from 'aws-lambda';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type {
  ApiAnswer,
  ApiEvent,
  Chain,
  ChainContext,
  ChainMiddleware,
} from '../../../lambdas/middleware/chain.ts';
import { startChain } from '../../../lambdas/middleware/chain.ts';
import type { Operation } from '../../../model/derive/operations.ts';
import { operations } from '../../../model/derive/operations.ts';

/** A request on its way through one middleware. */
export interface PassingRequest {
  readonly event: ApiEvent;
  readonly context: ChainContext;
  response: ApiAnswer | null;
  error: Error | null;
}

/** An event of API Gateway, with nothing in it but what is given. */
export const eventWith = (change: Partial<ApiEvent> = {}): ApiEvent => ({
  httpMethod: 'POST',
  resource: '/patients',
  headers: {},
  multiValueHeaders: {},
  pathParameters: null,
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  isBase64Encoded: false,
  body: null,
  requestContext: { identity: { sourceIp: '203.0.113.7', userAgent: 'test/1.0' } },
  ...change,
});

/** The operation of an id. */
export const operationNamed = (id: string): Operation => {
  const operation = operations.find((known) => known.id === id);
  if (operation === undefined) throw new Error(`no operation ${id}`);
  return operation;
};

/** A principal with the scopes given. */
export const principalWith = (role: Principal['role'], ...scopes: readonly string[]): Principal => ({
  subject: '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11',
  tenant: 'tenant000001',
  role,
  roleVersion: 1,
  scopes: new Set(scopes),
  session: '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b12',
  client: 'client',
});

/** A request for an operation, as the chain starts it. */
export const passing = (
  operation: string | undefined,
  event: Partial<ApiEvent> = {},
  change: Partial<Chain> = {},
): PassingRequest => {
  const whole = eventWith(event);
  const context = { awsRequestId: '00000000-0000-4000-8000-000000000001' } as Context;
  const chain = startChain(whole, context, {
    operation: operation === undefined ? undefined : operationNamed(operation),
    now: new Date('2026-11-22T10:00:00Z'),
    mark: { writer: 'A'.repeat(26), writerCounter: 1 },
  });
  return {
    event: whole,
    context: { ...context, chain: Object.assign(chain, change) },
    response: null,
    error: null,
  };
};

/** Runs one hook of a middleware on a request. */
export const runHook = async (
  middleware: ChainMiddleware,
  hook: 'before' | 'after' | 'onError',
  request: PassingRequest,
): Promise<Chain> => {
  await middleware[hook]?.(request as unknown as Parameters<NonNullable<ChainMiddleware['before']>>[0]);
  return request.context.chain;
};
