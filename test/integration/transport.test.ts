import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { beforeAll, expect, inject, test } from 'vitest';
import type { Answer, Ask, Send } from './client.ts';
import { connect, missingSecurityHeaders } from './client.ts';
import type { Person } from './clinic.ts';
import { openClinic } from './clinic.ts';

let send: Send;
let provider: Person;
const { baseUrl, caCertificate } = inject('runtime');
const { hostname, port } = new URL(baseUrl);

beforeAll(async () => {
  send = connect(inject('runtime'));
  provider = await (await openClinic(inject('runtime'))).join('provider');
});

const handshake = (version: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const socket = connectTls(
      {
        host: hostname,
        port: Number(port),
        servername: hostname,
        ca: readFileSync(caCertificate),
        minVersion: version,
        maxVersion: version,
      },
      () => {
        resolve(socket.getProtocol());
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });

test('speaks TLS 1.3', async () => {
  expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
});

test('refuses TLS 1.2', async () => {
  await expect(handshake('TLSv1.2')).rejects.toMatchObject({
    code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  });
});

test('does not trust the certificate without the local authority', async () => {
  await expect(fetch(`${baseUrl}/clinical/v1/patients`)).rejects.toMatchObject({ message: 'fetch failed' });
});

test('does not serve plain HTTP', async () => {
  const received = await new Promise<Buffer>((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connectTcp(Number(port), hostname, () => {
      socket.write('GET /clinical/v1/patients HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
  expect(received.toString('latin1')).not.toMatch(/HTTP\/1\.[01] [1-4]|application\/|problem/);
});

const unknown = `/clinical/v1/patients/${'0'.repeat(26)}`;
const answers: readonly (readonly [string, number, () => Promise<Answer>])[] = [
  ['a base path that no API has', 404, () => send({ path: '/nowhere/v1/patients' })],
  ['a path that the API does not have', 404, () => provider.send({ path: '/clinical/v1/nowhere' })],
  [
    'a method that the path does not have',
    404,
    () => provider.send({ method: 'DELETE', path: '/clinical/v1/patients' }),
  ],
  ['a request without a token', 401, () => send({ path: unknown })],
  ['a request with a token that is none', 401, () => send({ path: unknown, token: 'a.b.c' })],
  [
    'a request beyond the token’s scope',
    401,
    () =>
      provider.send({
        method: 'POST',
        path: '/identity/v1/users',
        body: { email: 'a@b.example', role: 'nurse' },
      }),
  ],
  ['a request that the function refuses', 404, () => provider.send({ path: unknown })],
  [
    'a body that is too large',
    413,
    () =>
      provider.send({
        method: 'POST',
        path: '/clinical/v1/patients',
        body: `{"name":"${'x'.repeat(11 * 1024 * 1024)}"}`,
      }),
  ],
  [
    'a search that finds nothing',
    200,
    () =>
      provider.send({
        method: 'POST',
        path: '/clinical/v1/patients/_search',
        body: { where: { mrn: 'SYN-NOBODY' } },
      } satisfies Ask),
  ],
];

test.each(answers)('HSTS and the other security headers are on the answer to %s', async (_, status, ask) => {
  const answer = await ask();
  expect(answer.status).toBe(status);
  expect(missingSecurityHeaders(answer)).toEqual([]);
  if (status >= 400) expect(answer.headers['content-type']).toBe('application/problem+json');
});
