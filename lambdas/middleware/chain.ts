import { performance } from 'node:perf_hooks';
import type middy from '@middy/core';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Operation } from '../../model/derive/operations.ts';
import type { PurposeOfUse } from '../../model/vocabulary.ts';
import type { AuditFacts } from '../domain/audit-entry.ts';
import { cleanAddress, cleanUserAgent } from '../domain/client-description.ts';
import type { Principal } from '../domain/principal.ts';
import type { AuditMark } from '../ports/audit-log.ts';

/** The event of API Gateway's Lambda proxy integration; the chain replaces its body by the parsed one. */
export interface ApiEvent
  extends Pick<
    APIGatewayProxyEvent,
    | 'httpMethod'
    | 'resource'
    | 'headers'
    | 'multiValueHeaders'
    | 'pathParameters'
    | 'queryStringParameters'
    | 'multiValueQueryStringParameters'
    | 'isBase64Encoded'
  > {
  body: unknown;
  readonly requestContext: {
    readonly identity?: {
      readonly sourceIp?: string;
      readonly userAgent?: string | null;
      /** The certificate that the partners' domain has verified against its truststore. */
      readonly clientCert?: { readonly clientCertPem: string } | null;
    };
  };
}

/** The answer of API Gateway's Lambda proxy integration. */
export interface ApiAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What the chain knows of one request; each middleware adds its part. */
export interface Chain {
  /** Absent when no operation has the route. */
  readonly operation: Operation | undefined;
  readonly requestId: string;
  readonly now: Date;
  /** From a monotonic clock, for the duration. */
  readonly startedAt: number;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly facts: AuditFacts;
  /** This request's place among its writer's entries. */
  readonly mark: AuditMark;
  /** That the request's audit entry is durable. */
  audited: boolean;
  principal?: Principal;
  /** When the principal last signed in, in epoch seconds: the token's `auth_time`. */
  authenticatedAt?: number;
  /** Settles when the session is known to be live and within its rate. */
  session?: Promise<void>;
  purpose?: PurposeOfUse;
  pathParameters: { readonly [name: string]: string };
  /** Names of query parameters that are declared somewhere; a name could carry PHI itself. */
  parameters: readonly string[];
  fields?: readonly string[];
  ifMatch?: number;
  idempotencyKey?: string;
}

/** The invocation's context with the chain's state, which exists before any middleware runs. */
export interface ChainContext extends Context {
  readonly chain: Chain;
}

/** A middleware of the chain. */
export type ChainMiddleware = middy.MiddlewareObj<ApiEvent, ApiAnswer, Error, ChainContext>;

/** What starts a chain's state. */
export interface ChainStart {
  readonly operation: Operation | undefined;
  readonly now: Date;
  readonly mark: AuditMark;
}

/**
 * The state of a request at its start. The request id is Lambda's: API Gateway's may be set by a client, and an audit id
 * derives from it.
 */
export const startChain = (
  event: ApiEvent,
  context: Context,
  { operation, now, mark }: ChainStart,
): Chain => ({
  operation,
  requestId: context.awsRequestId,
  now,
  startedAt: performance.now(),
  sourceAddress: cleanAddress(event.requestContext.identity?.sourceIp),
  userAgent: cleanUserAgent(event.requestContext.identity?.userAgent),
  facts: {},
  mark,
  audited: false,
  pathParameters: {},
  parameters: [],
});

/** Every value of a header, whatever the case of its name. */
export const headerValues = ({ headers, multiValueHeaders }: ApiEvent, name: string): string[] => {
  const named = (entries: object | null | undefined): unknown[] =>
    Object.entries(entries ?? {}).flatMap(([key, value]) =>
      key.toLowerCase() === name ? [value].flat() : [],
    );
  const all = named(multiValueHeaders);
  return (all.length > 0 ? all : named(headers)).filter((value) => typeof value === 'string');
};
