import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { JWTPayload } from 'jose';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import { clinicalValidators } from '../../lambdas/generated/validators.js';
import type { ApiAnswer, ApiEvent } from '../../lambdas/middleware/chain.ts';
import { capabilityHandler } from '../../lambdas/operations/capability-handler.ts';
import type { ApiHandler } from '../../lambdas/operations/operation-handler.ts';
import { resourceRuns } from '../../lambdas/operations/resource-runs.ts';
import { type ChainEnvironment, chainPorts } from '../../lambdas/ports/chain-ports.ts';
import { directory } from '../../lambdas/ports/directory.ts';
import type { LogLine } from '../../lambdas/ports/log.ts';
import type { ClientsFor } from '../../lambdas/ports/tenant-credentials.ts';
import { operations, scopesOf } from '../../model/derive/operations.ts';
import { basePath, type Role } from '../../model/vocabulary.ts';
import { startTestCloud, type TestCloud } from '../emulator.ts';
import { startIssuer, type TestIssuer } from './issuer.ts';

/** One HTTP request, as API Gateway would pass it on. */
export interface TestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base path, with its query. */
  readonly path: string;
  /** Without one no `authorization` header is sent. */
  readonly token?: string;
  /** Header values; a list is a header that is sent several times. */
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  /** Sent as JSON; a string as it is; bytes base64-encoded, as API Gateway passes binary bodies on. */
  readonly body?: unknown;
}

/** A person who may call. */
export interface TestPerson {
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
  readonly session: string;
  readonly token: string;
}

/** The clinical function in this process, against an emulator and an issuer of its own. */
export interface TestApi {
  readonly cloud: TestCloud;
  readonly issuer: TestIssuer;
  readonly client: string;
  /** What was logged. */
  readonly lines: readonly LogLine[];
  readonly send: (request: TestRequest) => Promise<ApiAnswer>;
  /** Another instance of the function, with nothing in memory. */
  readonly newFunction: (
    change?: Partial<ChainEnvironment>,
    clock?: () => Date,
  ) => (request: TestRequest) => Promise<ApiAnswer>;
  /** The function itself, for events that API Gateway would not send. */
  readonly rawFunction: () => ApiHandler;
  readonly claims: (
    person: Pick<TestPerson, 'subject' | 'tenant' | 'role' | 'session'>,
    patient?: string,
  ) => JWTPayload;
  /** A person in the directory with a token of a new sign-in. */
  readonly newPerson: (
    role: Role,
    options?: { readonly tenant?: string; readonly patient?: string },
  ) => Promise<TestPerson>;
  /** Every audit entry that was written, by request id. */
  readonly entries: () => Promise<ReadonlyMap<string, readonly AuditEntry[]>>;
  readonly stop: () => Promise<void>;
}

const templates = operations.filter(({ capability }) => capability === 'clinical').map(({ path }) => path);

/** The template that API Gateway matches: a literal segment goes before a parameter. */
const matched = (path: string): { resource: string; id: string | undefined } => {
  if (templates.some((template) => template === path)) return { resource: path, id: undefined };
  const id = /^\/[^/]+\/([^/]+)$/.exec(path)?.[1];
  const resource = id === undefined ? path : `${path.slice(0, -id.length)}{id}`;
  return { resource, id: id === undefined ? undefined : decodeURIComponent(id) };
};

/** A request as the event of API Gateway's Lambda proxy integration. */
export const eventOf = ({ method, path, token, headers = {}, body }: TestRequest): ApiEvent => {
  const url = new URL(`https://api.example/${basePath('clinical')}${path}`);
  const { resource, id } = matched(path.split('?')[0] ?? '');
  const isText = typeof body === 'string' || body === undefined;
  const all: Record<string, string[]> = {
    ...(body !== undefined && { 'Content-Type': ['application/json'] }),
    ...(token !== undefined && { Authorization: [`Bearer ${token}`] }),
  };
  for (const [name, value] of Object.entries(headers))
    all[name] = typeof value === 'string' ? [value] : [...value];
  const query: Record<string, string[]> = Object.create(null);
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value];
  const last = (values: Record<string, string[]>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? '']));
  const text = isText
    ? (body ?? null)
    : Buffer.isBuffer(body)
      ? body.toString('base64')
      : JSON.stringify(body);
  return {
    httpMethod: method,
    resource,
    headers: last(all),
    multiValueHeaders: all,
    pathParameters: id === undefined ? null : { id },
    queryStringParameters: Object.keys(query).length > 0 ? last(query) : null,
    multiValueQueryStringParameters: Object.keys(query).length > 0 ? query : null,
    isBase64Encoded: Buffer.isBuffer(body),
    body: text,
    requestContext: { identity: { sourceIp: '203.0.113.7', userAgent: 'test/1.0' } },
  };
};

const invoke = async (handler: ApiHandler, request: TestRequest): Promise<ApiAnswer> => {
  const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 10_000 } as Context;
  return handler(eventOf(request), context);
};

/**
 * Starts emulator, issuer and function; stop it when the tests of the file are done.
 * @param observe what to put around the function's clients
 */
export const startClinicalApi = async (
  observe: (clientsFor: ClientsFor) => ClientsFor = (clientsFor) => clientsFor,
): Promise<TestApi> => {
  const [cloud, issuer] = [await startTestCloud(), await startIssuer()];
  const client = 'sign-in-client';
  const lines: LogLine[] = [];
  const home = await cloud.newTenant();
  const people = directory({ table: cloud.tables.directory, dynamodb: cloud.root.dynamodb });

  const functionOf = (change: Partial<ChainEnvironment>, clock?: () => Date): ApiHandler => {
    const environment = {
      AUDIT_TABLE: cloud.tables.audit,
      SESSIONS_TABLE: cloud.tables.sessions,
      DIRECTORY_TABLE: cloud.tables.directory,
      ISSUER: issuer.issuer,
      CLIENT_IDS: `${client},another-client`,
      AWS_ENDPOINT_URL: issuer.endpoint,
      ...change,
    };
    const clientsFor = observe(cloud.clientsFor);
    return capabilityHandler(
      'clinical',
      (operation) => (operation.kind === 'resource' ? resourceRuns[operation.interaction] : undefined),
      {
        validators: clinicalValidators,
        ...chainPorts(environment, { clientsFor, dynamodb: cloud.root.dynamodb }),
        ...cloud.newPorts(clientsFor, { audit: environment.AUDIT_TABLE }),
        log: {
          request: (line) => lines.push(line),
          failure: (line) => lines.push(line),
          warn: (_event, line) => lines.push(line),
        },
        ...(clock && { clock }),
      },
    );
  };
  const newFunction: TestApi['newFunction'] = (change = {}, clock) => {
    const handler = functionOf(change, clock);
    return (request) => invoke(handler, request);
  };

  const claims: TestApi['claims'] = ({ subject, tenant, role, session }, patient) => {
    const now = Math.floor(Date.now() / 1000);
    return {
      sub: subject,
      iss: issuer.issuer,
      client_id: client,
      token_use: 'access',
      origin_jti: session,
      jti: randomUUID(),
      scope: scopesOf(role).join(' '),
      iat: now,
      auth_time: now,
      exp: now + 900,
      tenant,
      role,
      role_version: '1',
      ...(patient !== undefined && { patient }),
    };
  };

  return {
    cloud,
    issuer,
    client,
    lines,
    newFunction,
    rawFunction: () => functionOf({}),
    send: newFunction(),
    claims,
    newPerson: async (role, { tenant = home, patient } = {}) => {
      const person = { subject: randomUUID(), tenant, role, session: randomUUID() };
      await people.commit(
        people.principalPuts(
          {
            ...person,
            roleVersion: 1,
            status: 'active',
            mfaEnrolledAt: new Date().toISOString(),
            ...(patient === undefined && { trainedOn: new Date().toISOString().slice(0, 10) }),
            ...(patient !== undefined && { patient }),
          },
          { at: new Date() },
        ),
      );
      return { ...person, token: await issuer.sign(claims(person, patient)) };
    },
    entries: async () => {
      const found = new Map<string, AuditEntry[]>();
      for (const { entry } of await cloud.items('audit')) {
        const parsed = JSON.parse(entry?.S ?? '{}') as AuditEntry;
        found.set(parsed.requestId, [...(found.get(parsed.requestId) ?? []), parsed]);
      }
      return found;
    },
    stop: async () => {
      await issuer.stop();
      await cloud.stop();
    },
  };
};
