import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { ProblemCode } from '../../model/problems.ts';
import { problems, problemType } from '../../model/problems.ts';

/** One request to the platform. */
export interface Ask {
  readonly method?: string;
  /** From the root of the domain, such as `/clinical/v1/patients`. */
  readonly path: string;
  readonly token?: string;
  /** Sent as JSON; a string or bytes are sent as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** What the platform answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed JSON body, or an empty object. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Names the request in the audit trail. */
  readonly requestId: string;
}

/** Sends one request and gives its answer, whatever the status. */
export type Send = (ask: Ask) => Promise<Answer>;

/** What a client needs to know of a running platform. */
export interface Connection {
  readonly baseUrl: string;
  /** The file of the certificate authority's certificate. */
  readonly caCertificate: string;
  /** The address of this machine that requests come from. @default the system's choice */
  readonly localAddress?: string;
}

const parsed = (text: string, type: string | undefined): Answer['body'] =>
  /^application\/(problem\+)?json\b/.test(type ?? '') && text !== '' ? JSON.parse(text) : {};

const encoded = (body: unknown): Buffer =>
  Buffer.from(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));

/**
 * A client that speaks HTTPS over TLS 1.3 only and trusts the platform's certificate authority only.
 * @param maxSockets how many connections it opens at most; further requests wait for one
 */
export const connect = (
  { baseUrl, caCertificate, localAddress }: Connection,
  maxSockets = Number.POSITIVE_INFINITY,
): Send => {
  const { hostname, port } = new URL(baseUrl);
  const ca = readFileSync(caCertificate);
  const agent = new Agent({ keepAlive: true, ca, minVersion: 'TLSv1.3', maxSockets });
  const send: Send = (asked) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', path, token, body, headers = {} } = asked;
      const bytes = body === undefined ? undefined : encoded(body);
      const outgoing = request(
        {
          agent,
          localAddress,
          hostname,
          port,
          path,
          method,
          headers: {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(bytes && { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
            ...headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              text,
              body: parsed(text, incoming.headers['content-type']),
              requestId: String(incoming.headers['x-request-id'] ?? ''),
            });
          });
        },
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // A kept connection that the server closed just then: nothing of the request arrived.
        if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(send(asked));
        else reject(error);
      });
      outgoing.end(bytes);
    });
  return send;
};

const described = ({ status, body, requestId }: Answer): string =>
  `${status} ${'code' in body ? String(body.code) : ''} (request ${requestId})`;

/**
 * The answer, if it has the status; otherwise fails, naming status, problem and request but never the body.
 * @throws Error
 */
export const expectStatus = (answer: Answer, status: number): Answer => {
  if (answer.status !== status) throw new Error(`wanted ${status}, got ${described(answer)}`);
  return answer;
};

/**
 * The answer, if it is exactly this problem of the catalogue and nothing more.
 * @throws Error
 */
export const expectProblem = (answer: Answer, code: ProblemCode): Answer => {
  const { status, title } = problems[code];
  const members: Answer['body'] = {
    type: problemType(code),
    title,
    status,
    code,
    requestId: answer.requestId,
  };
  const same =
    answer.status === status &&
    String(answer.headers['content-type']).startsWith('application/problem+json') &&
    Object.keys(answer.body).sort().join() === Object.keys(members).sort().join() &&
    Object.entries(members).every(([name, value]) => answer.body[name] === value);
  if (!same) throw new Error(`wanted the problem ${status} ${code}, got ${described(answer)}`);
  return answer;
};

/** Headers whose values differ between any two answers. */
const ownHeaders = new Set(['date', 'x-amz-request-id', 'x-amzn-requestid', 'x-request-id']);

/** All that an answer tells its receiver, but for what it is called by and when it came: alike for answers that are alike. */
export const told = ({ status, headers, text, requestId }: Answer): string =>
  JSON.stringify([
    status,
    Object.entries(headers)
      .map(([name, value]) => (ownHeaders.has(name) ? name : `${name}: ${value}`))
      .sort(),
    text.replace(requestId, ''),
  ]);

/** Headers that every answer carries, of an error at the gateway too (requirement D1). */
export const securityHeaders = {
  'strict-transport-security': /^max-age=\d{8,}/,
  'cache-control': /^no-store$/,
  'x-content-type-options': /^nosniff$/,
  'content-security-policy': /^default-src 'none'; frame-ancestors 'none'$/,
  'referrer-policy': /^no-referrer$/,
  'x-request-id': /^[\w-]{8,}$/,
} as const;

/** The names of the security headers that an answer lacks or has wrongly. */
export const missingSecurityHeaders = ({ headers }: Answer): readonly string[] =>
  Object.entries(securityHeaders)
    .filter(([name, pattern]) => !pattern.test(String(headers[name] ?? '')))
    .map(([name]) => name);
