import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tokenKeys, tokenKeysUrl } from '../../../lambdas/ports/token-keys.ts';
import { startIssuer, type TestIssuer } from '../issuer.ts';

const start = new Date('2026-11-22T10:00:00Z').getTime();
const second = 1000;
const minute = 60 * second;

let issuer: TestIssuer;
let keys: ReturnType<typeof tokenKeys>;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  issuer = await startIssuer();
  keys = tokenKeys(tokenKeysUrl(issuer.issuer, issuer.endpoint));
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer.stop();
});

const at = (time: number): void => void vi.setSystemTime(start + time);
const verify = async (token: Promise<string>): Promise<string> =>
  jwtVerify(await token, keys).then(
    () => 'verified',
    ({ code }: { code: string }) => code,
  );
const known = () => issuer.sign({});
const unknown = (kid: string = crypto.randomUUID()) => issuer.sign({}, { kid });
const noSuchKey = 'ERR_JWKS_NO_MATCHING_KEY';

test('the keys are a pool’s own, or under the address that stands for the service', () => {
  const pool = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool';
  expect(tokenKeysUrl(pool).href).toBe(`${pool}/.well-known/jwks.json`);
  expect(tokenKeysUrl(pool, 'http://127.0.0.1:4566').href).toBe(
    'http://127.0.0.1:4566/us-east-1_Pool/.well-known/jwks.json',
  );
});

describe('the keys are fetched', () => {
  test('once, however many tokens come at once', async () => {
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => verify(known())));
    expect(new Set(verdicts)).toEqual(new Set(['verified']));
    expect(issuer.fetches()).toBe(1);
  });

  test('anew after an hour, and not before', async () => {
    await verify(known());
    at(60 * minute - 1);
    expect(await verify(known())).toBe('verified');
    expect(issuer.fetches()).toBe(1);
    at(60 * minute);
    expect(await verify(known())).toBe('verified');
    expect(issuer.fetches()).toBe(2);
  });

  test('for unknown key ids at most every 30 seconds, however many are named', async () => {
    await verify(known());
    for (const time of [0, 10 * second, 30 * second - 1]) {
      at(time);
      const verdicts = await Promise.all(Array.from({ length: 20 }, () => verify(unknown())));
      expect(new Set(verdicts)).toEqual(new Set([noSuchKey]));
    }
    expect(issuer.fetches()).toBe(1);
    at(30 * second);
    for (let count = 0; count < 20; count += 1) expect(await verify(unknown())).toBe(noSuchKey);
    expect(issuer.fetches()).toBe(2);
  });
});

describe('a token that no one key is for', () => {
  test.each([
    [
      'because it names none of several',
      'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
      () => new SignJWT({}).setProtectedHeader({ alg: 'RS256' }).sign(issuer.privateKey),
    ],
    [
      'because its algorithm has no public key',
      'ERR_JOSE_NOT_SUPPORTED',
      () => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32)),
    ],
  ] as const)('is refused, %s, and others are not', async (_case, code, sign) => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const [one, other] = [await exportJWK(issuer.publicKey), await exportJWK(publicKey)];
    issuer.publish([
      { ...one, kid: issuer.keyId, alg: 'RS256' },
      { ...other, kid: 'another', alg: 'RS256' },
    ]);
    expect(await verify(sign())).toBe(code);
    expect(await verify(known())).toBe('verified');
    expect(issuer.fetches()).toBe(1);
  });
});

describe('when the pool rotates its keys', () => {
  const rotated = async (kid = 'new-key') => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    issuer.publish([{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }]);
    return () => new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
  };

  test('a new one is accepted after 30 seconds at the latest', async () => {
    await verify(known());
    const sign = await rotated();
    expect(await verify(sign())).toBe(noSuchKey);
    at(30 * second);
    expect(await verify(sign())).toBe('verified');
  });

  test('one that is gone is refused after an hour at the latest', async () => {
    await verify(known());
    await rotated();
    at(60 * minute);
    expect(await verify(known())).toBe(noSuchKey);
  });

  test('another one under the same id takes its place', async () => {
    await verify(known());
    const sign = await rotated(issuer.keyId);
    at(60 * minute);
    expect(await verify(known())).toBe('ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
    expect(await verify(sign())).toBe('verified');
  });
});

describe('when the keys cannot be fetched', () => {
  const failures: readonly (readonly [string, Parameters<TestIssuer['answer']>[0]])[] = [
    ['the service fails', (response) => response.writeHead(500).end('{}')],
    ['they are not found', (response) => response.writeHead(404).end('{}')],
    ['the answer is no JSON', (response) => response.writeHead(200).end('<html>')],
    ['the answer is no set of keys', (response) => response.writeHead(200).end('{"keys":7}')],
    ['the connection breaks', (response) => response.destroy()],
  ];

  test.each(failures)(
    'because %s, nobody is let through, and it is tried again every five seconds',
    async (_case, respond) => {
      issuer.answer(respond);
      for (let count = 0; count < 20; count += 1) expect(await verify(known())).toBe('unavailable');
      expect(issuer.fetches()).toBe(1);
      at(5 * second - 1);
      expect(await verify(known())).toBe('unavailable');
      expect(issuer.fetches()).toBe(1);
      at(5 * second);
      expect(await verify(known())).toBe('unavailable');
      expect(issuer.fetches()).toBe(2);
      issuer.answer();
      at(10 * second);
      expect(await verify(known())).toBe('verified');
    },
  );

  test('tokens of a known key are let through for the rest of the hour, and no others', async () => {
    await verify(known());
    issuer.answer((response) => response.writeHead(500).end());
    at(minute);
    for (let count = 0; count < 20; count += 1) expect(await verify(unknown())).toBe('unavailable');
    expect(issuer.fetches()).toBe(2);
    expect(await verify(known())).toBe('verified');
    at(60 * minute);
    expect(await verify(known())).toBe('unavailable');
  });

  test('nobody is sent elsewhere for them', async () => {
    let asked = 0;
    const elsewhere = createServer((_request, response) => {
      asked += 1;
      response.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    issuer.answer((response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end());
    expect(await verify(known())).toBe('unavailable');
    expect(asked).toBe(0);
    await new Promise((resolve) => elsewhere.close(resolve));
  });

  test('because no answer comes, that is known after two seconds', async () => {
    issuer.answer(() => {});
    const began = performance.now();
    expect(await verify(known())).toBe('unavailable');
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
