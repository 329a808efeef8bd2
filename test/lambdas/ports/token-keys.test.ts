import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { tokenKeys, tokenKeysUrl } from '../../../lambdas/ports/token-keys.ts';

const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_TestPool1';
const start = Date.parse('2026-11-22T10:00:00Z');
const minute = 60_000;

let server: Server;
let jwk: JWK;
let served: readonly JWK[];
let respond: () => boolean;
let fetches: number;

beforeAll(async () => {
  jwk = { ...(await exportJWK((await generateKeyPair('RS256')).publicKey)), alg: 'RS256', use: 'sig' };
  server = createServer((_request, response) => {
    fetches += 1;
    if (respond()) response.end(JSON.stringify({ keys: served }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  [served, respond, fetches] = [[{ ...jwk, kid: 'one' }], () => true, 0];
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks for keys as the verification of a token does. */
const source = () => {
  const { port } = server.address() as AddressInfo;
  const keys = tokenKeys(tokenKeysUrl(issuer, `http://127.0.0.1:${port}`));
  return (kid?: string, alg = 'RS256') =>
    keys({ alg, ...(kid !== undefined && { kid }) }, { payload: '', signature: '' });
};

test('the keys of a pool are under its issuer, or under an endpoint that stands for the service', () => {
  expect(tokenKeysUrl(issuer).href).toBe(`${issuer}/.well-known/jwks.json`);
  expect(tokenKeysUrl(issuer, 'http://127.0.0.1:4566').href).toBe(
    'http://127.0.0.1:4566/us-east-1_TestPool1/.well-known/jwks.json',
  );
});

describe('the keys are fetched', () => {
  test('once an hour', async () => {
    const keyOf = source();
    await keyOf('one');
    vi.setSystemTime(start + 60 * minute - 1);
    await keyOf('one');
    expect(fetches).toBe(1);
    vi.setSystemTime(start + 60 * minute);
    await keyOf('one');
    expect(fetches).toBe(2);
  });

  test('for an unknown key id every 30 seconds at most, and then it is known', async () => {
    const keyOf = source();
    await keyOf('one');
    served = [...served, { ...jwk, kid: 'two' }];
    vi.setSystemTime(start + 29_999);
    for (let count = 0; count < 3; count += 1)
      await expect(keyOf('two')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(fetches).toBe(1);
    vi.setSystemTime(start + 30_000);
    await keyOf('two');
    expect(fetches).toBe(2);
  });
});

describe('about the token it is', () => {
  test('that there is no such key', async () => {
    await expect(source()('two')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  test('that it names none of several keys', async () => {
    served = [...served, { ...jwk, kid: 'two' }];
    await expect(source()()).rejects.toMatchObject({ code: 'ERR_JWKS_MULTIPLE_MATCHING_KEYS' });
  });

  test('that it is signed in a way that no public key verifies', async () => {
    await expect(source()('one', 'HS256')).rejects.toMatchObject({ code: 'ERR_JOSE_NOT_SUPPORTED' });
  });
});

describe('the service is unavailable', () => {
  const unavailable = expect.objectContaining({ code: 'unavailable' });

  test('when it answers something else than keys', async () => {
    served = 'none' as unknown as readonly JWK[];
    await expect(source()('one')).rejects.toThrow(unavailable);
  });

  test('when it does not answer in two seconds', { timeout: 4500 }, async () => {
    respond = () => false;
    await expect(source()('one')).rejects.toThrow(unavailable);
  });
});
