import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** An issuer of access tokens with its own key, whose public half it serves as a user pool does. */
export interface TestIssuer {
  readonly issuer: string;
  /** Stands for the service's endpoint, under which the pool's keys are. */
  readonly endpoint: string;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
  readonly keyId: string;
  /** How often the keys were fetched. */
  readonly fetches: () => number;
  /** Serves other keys from now on. */
  readonly publish: (keys: readonly JWK[]) => void;
  /** Answers otherwise from now on; without an argument, with the keys again. */
  readonly answer: (respond?: (response: ServerResponse) => void) => void;
  readonly sign: (
    claims: JWTPayload,
    header?: { readonly alg?: string; readonly kid?: string },
  ) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const pool = 'us-east-1_TestPool1';

/** Starts an issuer on loopback. */
export const startIssuer = async (): Promise<TestIssuer> => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const keyId = 'test-key';
  const jwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: 'RS256', use: 'sig' };
  let fetches = 0;
  let keys: readonly JWK[] = [jwk];
  let otherwise: ((response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    fetches += 1;
    if (otherwise) return otherwise(response);
    const isThere = request.url === `/${pool}/.well-known/jwks.json`;
    response.writeHead(isThere ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isThere ? JSON.stringify({ keys }) : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    issuer: `https://cognito-idp.us-east-1.amazonaws.com/${pool}`,
    endpoint: `http://127.0.0.1:${port}`,
    publicKey,
    privateKey,
    keyId,
    fetches: () => fetches,
    publish: (others) => {
      keys = others;
    },
    answer: (respond) => {
      otherwise = respond;
    },
    sign: (claims, { alg = 'RS256', kid = keyId } = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
