import { randomUUID } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { problems, problemType } from '../../model/problems.ts';
import { securityHeaders } from '../../model/security-headers.ts';
import type { Certificate } from './certificate.ts';
import { LocalError } from './local-error.ts';

/** Where the requests of one base path go. */
export interface Route {
  /** Without slashes at its ends, such as `clinical/v1`. */
  readonly basePath: string;
  /** The API's URL in the emulator, without a slash at its end. */
  readonly target: string;
}

/** The listener that applications talk to. */
export interface Listener {
  readonly port: number;
  /** Closes it; requests under way are cut off. */
  close(): Promise<void>;
}

/** The port of the API, unless another is asked for. */
export const defaultPort = 8443;

/** What API Gateway accepts at most. */
const largestBody = 10 * 1024 * 1024;
const { 'strict-transport-security': strictTransportSecurity } = securityHeaders;
/** Headers that belong to one connection (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Serves the APIs on loopback over TLS 1.3 only, as the domain does on AWS: it routes base paths and tells the API
 * the caller's address, whatever the caller claims.
 * @throws LocalError when the port is taken
 */
export async function listen(
  certificate: Certificate,
  port: number,
  routes: readonly Route[],
): Promise<Listener> {
  const server = createServer(
    {
      key: certificate.key,
      cert: certificate.certificate,
      minVersion: 'TLSv1.3',
      maxHeaderSize: 10_240,
      requestTimeout: 60_000,
      // Longer than clients keep a connection, so that the server does not close one that is just being used.
      keepAliveTimeout: 75_000,
    },
    (incoming, outgoing) => {
      outgoing.setHeader('strict-transport-security', strictTransportSecurity);
      const route = findRoute(incoming.url ?? '/', routes);
      if (route === undefined) return refuse(outgoing, 'unknown-route');
      forward(incoming, outgoing, route);
    },
  );
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return;
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nstrict-transport-security: ${strictTransportSecurity}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  });
  await bind(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        new LocalError(
          `Port ${port} is taken by another program. Choose another: npm start -- --port ${port + 1}`,
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** The target URL for a request path, or nothing when no API has that base path. */
export function findRoute(path: string, routes: readonly Route[]): string | undefined {
  const [pathname = '/', ...query] = path.split('?');
  const route = routes.find(
    ({ basePath }) => pathname === `/${basePath}` || pathname.startsWith(`/${basePath}/`),
  );
  if (route === undefined) return undefined;
  const rest = pathname.slice(route.basePath.length + 1) || '/';
  return `${route.target}${rest}${query.length > 0 ? `?${query.join('?')}` : ''}`;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: string): void {
  if (Number(incoming.headers['content-length'] ?? 0) > largestBody) {
    tooLarge(incoming, outgoing);
    return;
  }
  const url = new URL(target);
  const upstream = request({
    host: url.hostname,
    port: url.port,
    path: target.slice(url.origin.length),
    method: incoming.method,
    headers: headersFor(incoming, url.host),
  });
  upstream.once('response', (answer) => {
    const headers = Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name));
    outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
    answer.pipe(outgoing);
    answer.once('error', () => outgoing.destroy());
  });
  upstream.once('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else if (!outgoing.destroyed) refuse(outgoing, 'unavailable');
  });
  outgoing.once('close', () => upstream.destroy());
  sendBody(incoming, upstream, () => {
    upstream.removeAllListeners('error').on('error', () => {});
    upstream.destroy();
    tooLarge(incoming, outgoing);
  });
}

/** The end-to-end headers, repeated ones as often as they came, with the address that the connection really comes from. */
function headersFor(incoming: IncomingMessage, host: string): Record<string, string | string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    if (values !== undefined && !hopByHop.has(name)) headers[name] = values;
  }
  return {
    ...headers,
    host,
    'x-forwarded-for': incoming.socket.remoteAddress ?? '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': String(incoming.socket.localPort ?? 443),
  };
}

/** Sends the body on once all of it is there, so that an oversized one never reaches an API. */
function sendBody(incoming: IncomingMessage, upstream: ClientRequest, overflow: () => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > largestBody) {
      incoming.removeAllListeners('data').removeAllListeners('end');
      overflow();
    } else chunks.push(chunk);
  });
  incoming.on('end', () => {
    const body = Buffer.concat(chunks);
    if (body.length > 0) upstream.setHeader('content-length', body.length);
    upstream.end(body);
  });
  incoming.on('error', () => upstream.destroy());
}

/** Refuses once the whole body has arrived: a client that still sends would miss an earlier answer. */
function tooLarge(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.setHeader('connection', 'close');
  incoming.once('end', () => refuse(outgoing, 'too-large'));
  incoming.resume();
}

/** Answers in place of the domain, in the shape and with the headers of the APIs' own errors. */
function refuse(outgoing: ServerResponse, code: 'unknown-route' | 'too-large' | 'unavailable'): void {
  const { status, title } = problems[code];
  const requestId = randomUUID();
  outgoing.writeHead(status, {
    ...securityHeaders,
    'content-type': 'application/problem+json',
    'x-request-id': requestId,
  });
  outgoing.end(JSON.stringify({ type: problemType(code), title, status, code, requestId }));
}
