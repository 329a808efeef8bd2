import { randomUUID } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../../../lambdas/middleware/chain.ts';
import { missingHeaders } from '../answers.ts';
import { startClinicalApi, type TestApi, type TestPerson } from '../clinical-api.ts';

let api: TestApi;
let person: TestPerson;
let valid: JWTPayload;
const refused: string[] = [];
const path = `/patients/${'A'.repeat(26)}`;

beforeAll(async () => {
  api = await startClinicalApi();
  person = await api.newPerson('provider');
  valid = api.claims(person);
});
afterAll(() => api.stop());

const send = (authorization: string | readonly string[] | undefined, by = api.send): Promise<ApiAnswer> =>
  by({
    method: 'GET',
    path,
    ...(authorization !== undefined && { headers: { Authorization: authorization } }),
  });

const expectRefused = ({ statusCode, headers, body }: ApiAnswer): void => {
  expect([statusCode, JSON.parse(body).code]).toEqual([401, 'unauthenticated']);
  expect(headers['www-authenticate']).toBe('Bearer');
  expect(missingHeaders(headers)).toEqual([]);
  refused.push(headers['x-request-id'] ?? '');
};

const now = (): number => Math.floor(Date.now() / 1000);
const without = (name: string): JWTPayload =>
  Object.fromEntries(Object.entries(valid).filter(([claim]) => claim !== name));
const sign = (claims: JWTPayload): Promise<string> => api.issuer.sign(claims);

describe('a token is refused', () => {
  /** What is wrong, and the token with it. */
  const rows: readonly [string, () => Promise<string>][] = [
    ['unsigned', async () => new UnsecuredJWT(valid).encode()],
    [
      'signed with the public key as an HMAC secret',
      async () => {
        const secret = Buffer.from(await exportSPKI(api.issuer.publicKey));
        return new SignJWT(valid).setProtectedHeader({ alg: 'HS256', kid: api.issuer.keyId }).sign(secret);
      },
    ],
    ['signed by RS512 with the right key', () => signedBy('RS512')],
    ['signed by PS256', () => signedBy('PS256')],
    [
      'signed by another key of the same id',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(valid)
          .setProtectedHeader({ alg: 'RS256', kid: api.issuer.keyId })
          .sign(privateKey);
      },
    ],
    [
      'with its own key in the header',
      async () => {
        const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
        const jwk = await exportJWK(publicKey);
        return new SignJWT(valid).setProtectedHeader({ alg: 'RS256', kid: 'own', jwk }).sign(privateKey);
      },
    ],
    [
      'with an address of keys in the header',
      async () =>
        new SignJWT(valid)
          .setProtectedHeader({ alg: 'RS256', kid: 'own', jku: 'https://attacker.example/keys' })
          .sign((await generateKeyPair('RS256')).privateKey),
    ],
    ['of an unknown key', () => api.issuer.sign(valid, { kid: 'unknown' })],
    [
      'with a tampered payload',
      async () => {
        const [header, , signature] = (await sign(valid)).split('.');
        const payload = Buffer.from(JSON.stringify({ ...valid, role: 'admin' })).toString('base64url');
        return [header, payload, signature].join('.');
      },
    ],
    ['with a tampered signature', async () => `${(await sign(valid)).slice(0, -8)}AAAAAAAA`],
    ['without signature', async () => `${(await sign(valid)).split('.').slice(0, 2).join('.')}.`],
    ['cut off', async () => (await sign(valid)).slice(0, 100)],
    ['that is expired', () => sign({ ...valid, iat: now() - 901, exp: now() - 1 })],
    ['that just expired', () => sign({ ...valid, iat: now() - 60, exp: now() })],
    ['from the future', () => sign({ ...valid, iat: now() + 60, exp: now() + 900 })],
    ['not valid yet', () => sign({ ...valid, nbf: now() + 60 })],
    ['that lives longer than 15 minutes', () => sign({ ...valid, exp: now() + 901 + 60 })],
    ['older than 15 minutes', () => sign({ ...valid, iat: now() - 1000, exp: now() + 600 })],
    ['without an end', () => sign(without('exp'))],
    ['without a beginning', () => sign(without('iat'))],
    [
      'of another issuer',
      () => sign({ ...valid, iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other' }),
    ],
    ['without issuer', () => sign(without('iss'))],
    ['of another client', () => sign({ ...valid, client_id: 'unknown-client' })],
    ['without client', () => sign(without('client_id'))],
    ['that is an ID token', () => sign({ ...valid, token_use: 'id', aud: api.client })],
    ['without use', () => sign(without('token_use'))],
    ['without subject', () => sign(without('sub'))],
    ['with a subject that is none', () => sign({ ...valid, sub: 'U#someone' })],
    ['without session', () => sign(without('origin_jti'))],
    ['without time of sign-in', () => sign(without('auth_time'))],
    ['without tenant', () => sign(without('tenant'))],
    ['with a tenant that is none', () => sign({ ...valid, tenant: 'platform' })],
    ['with a tenant pattern', () => sign({ ...valid, tenant: 'tenant00000*' })],
    ['without role', () => sign(without('role'))],
    ['with an unknown role', () => sign({ ...valid, role: 'root' })],
    ['without role version', () => sign(without('role_version'))],
    ['without scope', () => sign(without('scope'))],
    ['of a patient without a record', () => sign({ ...valid, role: 'patient' })],
    ['of staff with a record', () => sign({ ...valid, patient: 'A'.repeat(26) })],
    ['of more than 8 KB', () => sign({ ...valid, padding: 'x'.repeat(9000) })],
  ];
  const signedBy = (alg: string): Promise<string> => {
    const header = Buffer.from(JSON.stringify({ alg, kid: api.issuer.keyId })).toString('base64url');
    return sign(valid).then((token) => [header, ...token.split('.').slice(1)].join('.'));
  };

  test.each(rows)('%s', async (_name, token) => {
    expectRefused(await send(`Bearer ${await token()}`));
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['no token', 'Bearer '],
    ['Basic', `Basic ${Buffer.from('a:b').toString('base64')}`],
    ['garbage', 'Bearer x.y.z'],
  ])('an authorization header: %s', async (_name, header) => {
    expectRefused(await send(header));
  });

  test('two authorization headers, though both are right', async () => {
    expectRefused(await send([`Bearer ${person.token}`, `Bearer ${person.token}`]));
  });

  test('each left one audit entry, in no tenant, that names nobody', async () => {
    const entries = await api.entries();
    for (const requestId of refused) {
      const found = entries.get(requestId) ?? [];
      expect(found).toMatchObject([
        {
          type: 'AUTHENTICATION_FAILURE',
          tenant: 'platform',
          status: 401,
          policy: expect.stringMatching(/^token\.(missing|invalid|client)$/),
        },
      ]);
      expect(found[0]).not.toHaveProperty('actor');
    }
  });
});

describe('a session is over', () => {
  test.each([
    ['unknown to the directory', async () => sign({ ...valid, sub: randomUUID(), origin_jti: randomUUID() })],
    [
      'of another tenant than the directory says',
      async () => sign({ ...valid, tenant: await api.cloud.newTenant(), origin_jti: randomUUID() }),
    ],
    [
      'of another role than the directory says',
      async () => sign({ ...valid, role: 'admin', origin_jti: randomUUID() }),
    ],
    ['of an older role version', async () => sign({ ...valid, role_version: '2', origin_jti: randomUUID() })],
    [
      'unknown, by a token that was refreshed',
      async () => sign({ ...valid, auth_time: Number(valid.iat) - 61, origin_jti: randomUUID() }),
    ],
  ])('%s', async (_name, token) => {
    expectRefused(await send(`Bearer ${await token()}`));
  });

  test('of a suspended person', async () => {
    const suspended = await api.newPerson('nurse');
    await api.cloud.edit(
      'directory',
      ({ pk }) => pk?.S === `U#${suspended.subject}`,
      (item) => ({ ...item, status: { S: 'suspended' } }),
    );
    expectRefused(await send(`Bearer ${suspended.token}`));
  });

  test('whatever else is wrong with the request', async () => {
    const token = await sign({ ...valid, origin_jti: randomUUID(), auth_time: Number(valid.iat) - 61 });
    const answer = await api.send({ method: 'POST', path: '/patients?ssn=1', token, body: '{' });
    expectRefused(answer);
  });
});

describe('a token that was verified once', () => {
  test('is refused when it has expired since', async () => {
    let time = Date.now();
    const by = api.newFunction({}, () => new Date(time));
    const someone = await api.newPerson('provider');
    expect((await send(`Bearer ${someone.token}`, by)).statusCode).toBe(404);
    time += 900_000;
    expectRefused(await send(`Bearer ${someone.token}`, by));
  });

  test('is not confused with another one', async () => {
    const by = api.newFunction();
    expect((await send(`Bearer ${person.token}`, by)).statusCode).toBe(404);
    expectRefused(await send(`Bearer ${person.token.slice(0, -4)}AAAA`, by));
  });
});

test('a right token is let through', async () => {
  expect((await send(`Bearer ${person.token}`)).statusCode).toBe(404);
});

test('a token without the operation’s scope is not permitted', async () => {
  const token = await sign({ ...valid, scope: 'identity/session user/Vital.r' });
  const answer = await send(`Bearer ${token}`);
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([403, 'not-permitted']);
});

test('the keys are fetched once, whatever keys the tokens name', async () => {
  const by = api.newFunction();
  const before = api.issuer.fetches();
  for (let index = 0; index < 10; index += 1)
    expectRefused(await send(`Bearer ${await api.issuer.sign(valid, { kid: `key-${index}` })}`, by));
  expect(api.issuer.fetches() - before).toBe(1);
});

test('without keys nobody is let through', async () => {
  const by = api.newFunction({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
  const answer = await send(`Bearer ${person.token}`, by);
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([503, 'unavailable']);
});
