import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { DirectoryClient } from '../../../lambdas/domain/directory-entry.ts';
import { accessTokens } from '../../../lambdas/ports/access-tokens.ts';
import { clientRegistry } from '../../../lambdas/ports/client-registry.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_TestPool1';
const now = new Date('2020-01-01T00:00:00Z');
const time = now.getTime() / 1000;
const claims: JWTPayload = {
  iss: issuer,
  sub: randomUUID(),
  token_use: 'access',
  client_id: 'client',
  origin_jti: randomUUID(),
  auth_time: time,
  iat: time,
  exp: time + 900,
  tenant: 'tenant000001',
  role: 'provider',
  role_version: '3',
  scope: 'user/Patient.r identity/session',
};
const sign = (change: JWTPayload = {}, alg = 'RS256'): Promise<string> =>
  new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg, kid: 'key' }).sign(privateKey);

const machine: DirectoryClient = {
  client: 'machine000001',
  tenant: 'tenant000001',
  name: 'Lab interface',
  kind: 'machine',
  status: 'active',
  scopes: ['system/Vital.c'],
};
const machineClaims: JWTPayload = {
  sub: machine.client,
  client_id: machine.client,
  role: 'system',
  scope: 'system/Vital.c',
  jti: randomUUID(),
  origin_jti: undefined,
} as JWTPayload;
const clientsOf = (...registered: readonly DirectoryClient[]) =>
  clientRegistry({
    own: new Set(['client']),
    directory: { client: async (id) => registered.find(({ client }) => client === id) },
  });

/** A verifier, and how often it asked for the key. */
const verifier = (clients = clientsOf(machine)) => {
  let asked = 0;
  const keys = async (): Promise<KeyObject> => {
    asked += 1;
    return publicKey;
  };
  const tokens = accessTokens({ issuer, clients, keys });
  return { verify: tokens.verify, asked: () => asked };
};
const refused = expect.objectContaining({ code: 'unauthenticated' });

test('a token makes a principal, at the time that it is asked for', async () => {
  const { principal, ...times } = await verifier().verify(await sign(), now);
  expect(principal).toEqual({
    subject: claims.sub,
    tenant: 'tenant000001',
    role: 'provider',
    roleVersion: 3,
    scopes: new Set(['user/Patient.r', 'identity/session']),
    session: claims.origin_jti,
    client: 'client',
  });
  expect(times).toEqual({ issuedAt: time, authenticatedAt: time, expiresAt: time + 900 });
});

test('a patient’s token names the own record', async () => {
  const patient = 'A'.repeat(26);
  const { principal } = await verifier().verify(await sign({ role: 'patient', patient }), now);
  expect(principal.patient).toBe(patient);
});

test('a machine’s token makes a principal of its client and of itself', async () => {
  const { principal } = await verifier().verify(await sign(machineClaims), now);
  expect(principal).toEqual({
    subject: machine.client,
    tenant: 'tenant000001',
    role: 'system',
    roleVersion: 3,
    scopes: new Set(['system/Vital.c']),
    session: machineClaims.jti,
    client: machine.client,
  });
});

test('a machine’s subject is a client’s id, whatever is registered', async () => {
  const odd = { ...machine, client: 'Machine+1' };
  const token = await sign({ ...machineClaims, sub: odd.client, client_id: odd.client });
  await expect(verifier(clientsOf(odd)).verify(token, now)).rejects.toThrow(refused);
});

test('the certificate of a registered client goes with its tokens', async () => {
  const certificate = 'A'.repeat(43);
  const bound = verifier(clientsOf({ ...machine, certificate }));
  expect((await bound.verify(await sign(machineClaims), now)).certificate).toBe(certificate);
  expect(await verifier().verify(await sign(machineClaims), now)).not.toHaveProperty('certificate');
});

test('a client is asked for each time, also of a token that is remembered', async () => {
  let isRemoved = false;
  const { verify } = verifier({
    accept: (holder, time) =>
      clientsOf({ ...machine, status: isRemoved ? 'removed' : 'active' }).accept(holder, time),
  });
  const token = await sign(machineClaims);
  await verify(token, now);
  isRemoved = true;
  await expect(verify(token, now)).rejects.toThrow(refused);
});

describe('a token is refused', () => {
  test.each([
    ['signed by another algorithm of the same key', {}, 'PS256'],
    ['signed by RS512', {}, 'RS512'],
    ['of another issuer', { iss: `${issuer}x` }, 'RS256'],
    ['of another client', { client_id: 'other' }, 'RS256'],
    ['of another use', { token_use: 'id' }, 'RS256'],
    ['that has expired', { iat: time - 900, exp: time }, 'RS256'],
    ['from the future', { iat: time + 6 }, 'RS256'],
    ['that lives longer than 15 minutes', { exp: time + 901 }, 'RS256'],
    ['with a subject that is none', { sub: 'U#someone' }, 'RS256'],
    ['with a tenant that is none', { tenant: 'tenant' }, 'RS256'],
    ['with a session that is none', { origin_jti: 'x' }, 'RS256'],
    ['with a role that is none', { role: 'root' }, 'RS256'],
    ['with a role version that is none', { role_version: '0' }, 'RS256'],
    ['with a scope that is none', { scope: '' }, 'RS256'],
    ['with a time of sign-in that is none', { auth_time: 'x' }, 'RS256'],
    ['of a patient without a record', { role: 'patient' }, 'RS256'],
    ['of a patient with what is no record', { role: 'patient', patient: 'x' }, 'RS256'],
    ['of staff with a record', { patient: 'A'.repeat(26) }, 'RS256'],
    ['of a machine through the façade', { role: 'system', jti: randomUUID() }, 'RS256'],
    ['of a machine of another subject', { ...machineClaims, sub: 'machine000002' }, 'RS256'],
    ['of a machine with a person’s subject', { ...machineClaims, sub: randomUUID() }, 'RS256'],
    ['of a machine without an id of its own', { ...machineClaims, jti: 'x' }, 'RS256'],
    ['of a person through a machine', { client_id: machine.client }, 'RS256'],
  ] as const)('%s', async (_name, change, alg) => {
    await expect(verifier().verify(await sign(change as unknown as JWTPayload, alg), now)).rejects.toThrow(
      refused,
    );
  });

  test('a little ahead of our clock it is not', async () => {
    await expect(verifier().verify(await sign({ iat: time + 5 }), now)).resolves.toBeDefined();
  });

  test('when it has expired since it was verified', async () => {
    const { verify } = verifier();
    const token = await sign();
    await verify(token, now);
    await expect(verify(token, new Date(now.getTime() + 900_000))).rejects.toThrow(refused);
  });
});

test('what fails besides the token is not the token’s fault', async () => {
  const keys = async (): Promise<KeyObject> => {
    throw new TypeError('no keys');
  };
  const { verify } = accessTokens({ issuer, clients: clientsOf(), keys });
  await expect(verify(await sign(), now)).rejects.toThrow(TypeError);
});

test('a verified token is remembered, 500 at a time', async () => {
  const { verify, asked } = verifier();
  const [first, second] = [await sign({ jti: 'first' }), await sign({ jti: 'second' })];
  await verify(first, now);
  await verify(second, now);
  await verify(first, now);
  expect(asked()).toBe(2);
  for (let count = 0; count < 499; count += 1) await verify(await sign({ jti: String(count) }), now);
  expect(asked()).toBe(501);
  await verify(second, now);
  expect(asked()).toBe(501);
  await verify(first, now);
  expect(asked()).toBe(502);
});
