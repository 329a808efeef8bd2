import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request as plainRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../scripts/local/api-client.ts';
import { type Certificate, localCertificate } from '../../scripts/local/certificate.ts';
import { findRoute, type Listener, listen } from '../../scripts/local/listener.ts';
import { connect as openClient } from '../integration/client.ts';

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly headersDistinct: IncomingMessage['headersDistinct'];
  readonly body: string;
}

let directory: string;
let certificate: Certificate;
let listener: Listener;
let upstream: Server;
let location: { baseUrl: string; caCertificate: string };
const received: Received[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chartlock-listener-'));
  certificate = await localCertificate(directory);
  upstream = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { url, headers, headersDistinct } = incoming;
    received.push({ url, headers, headersDistinct, body: Buffer.concat(chunks).toString() });
    outgoing.writeHead(201, { 'content-type': 'application/json', etag: '"1"' }).end('{"id":"x"}');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const routes = [{ basePath: 'clinical/v1', target: `http://127.0.0.1:${port}/api/v1` }];
  listener = await listen(certificate, 0, routes);
  location = { baseUrl: `https://localhost:${listener.port}`, caCertificate: certificate.authorityFile };
});

afterAll(async () => {
  await listener.close();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The TLS version that a client with these limits agrees on, or the error's code. */
function handshake(maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port: listener.port, host: '127.0.0.1', maxVersion, rejectUnauthorized: false });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}

describe('the local listener', () => {
  it('speaks TLS 1.3 and nothing older', async () => {
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
    expect(await handshake('TLSv1.2')).toMatch(/^ERR_SSL|ECONNRESET/);
  });

  it('does not serve plain HTTP', async () => {
    const answer = await new Promise<string>((resolve) => {
      const outgoing = plainRequest(
        { port: listener.port, host: '127.0.0.1', path: '/clinical/v1/patients' },
        (response) => resolve(String(response.statusCode)),
      );
      outgoing.once('error', () => resolve('no answer'));
      outgoing.end();
    });
    expect(answer).toBe('no answer');
  });

  it('is trusted by its own certificate authority for localhost and for 127.0.0.1', async () => {
    const byAddress = { ...location, baseUrl: `https://127.0.0.1:${listener.port}` };
    for (const place of [location, byAddress]) {
      expect((await call(place, { method: 'GET', path: '/nowhere' })).status).toBe(404);
    }
  });

  it('forwards a request to the API of its base path and hands the answer back', async () => {
    const answer = await call(location, {
      method: 'POST',
      path: '/clinical/v1/patients?fields=id',
      body: { a: 'é' },
      token: 'abc',
    });
    expect(answer).toMatchObject({ status: 201, body: { id: 'x' }, headers: { etag: '"1"' } });
    expect(received.at(-1)).toMatchObject({
      url: '/api/v1/patients?fields=id',
      body: '{"a":"é"}',
      headers: { authorization: 'Bearer abc', 'x-forwarded-proto': 'https' },
    });
  });

  it('tells the API where the connection comes from, not what the caller claims', async () => {
    await call(location, {
      method: 'GET',
      path: '/clinical/v1/x',
      headers: { 'X-Forwarded-For': '203.0.113.9' },
    });
    expect(received.at(-1)?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('hands on a header as often as it came, for the API to refuse', async () => {
    const send = openClient(location);
    await send({ path: '/clinical/v1/x', headers: { authorization: ['Bearer one', 'Bearer two'] } });
    expect(received.at(-1)?.headersDistinct.authorization).toEqual(['Bearer one', 'Bearer two']);
  });

  it('sends HSTS with every answer, its own errors included', async () => {
    const paths = ['/clinical/v1/patients', '/', '/clinical/v2/patients'];
    for (const path of paths) {
      const { headers } = await call(location, { method: 'GET', path });
      expect(headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains; preload');
    }
  });

  it('answers an unknown path with a problem that does not echo it', async () => {
    const { status, headers, body } = await call(location, { method: 'GET', path: '/secret-name' });
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'unknown-route', status: 404 });
    expect(JSON.stringify(body)).not.toContain('secret-name');
  });

  it.each([
    ['announced', {}],
    ['chunked', { 'transfer-encoding': 'chunked' }],
  ] as const)('refuses a body over 10 MB, %s, before any of it reaches the API', async (_name, headers) => {
    const before = received.length;
    const body = Buffer.alloc(10 * 1024 * 1024 + 1, 'a');
    const answer = await call(location, {
      method: 'POST',
      path: '/clinical/v1/patients',
      body,
      headers,
    });
    expect(answer).toMatchObject({ status: 413, body: { code: 'too-large' } });
    expect(received.length).toBe(before);
  });

  it('says which port is taken', async () => {
    await expect(listen(certificate, listener.port, [])).rejects.toThrow(
      `Port ${listener.port} is taken by another program.`,
    );
  });

  it('keeps its certificates between starts', async () => {
    expect(await localCertificate(directory)).toEqual(certificate);
  });
});

describe('routing', () => {
  const routes = [
    { basePath: 'clinical/v1', target: 'http://emulator/c' },
    { basePath: 'identity/v1', target: 'http://emulator/i' },
  ];
  it.each([
    ['/clinical/v1/patients/1?a=b?c', 'http://emulator/c/patients/1?a=b?c'],
    ['/identity/v1', 'http://emulator/i/'],
    ['/clinical/v10/patients', undefined],
    ['/clinical', undefined],
    ['/', undefined],
  ])('%s', (path, target) => {
    expect(findRoute(path, routes)).toBe(target);
  });
});
