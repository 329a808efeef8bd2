import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Signature, TokenBench } from './token-bench.ts';
import { encoded, parts, rsa } from './token-bench.ts';

/** An authorization that must open nothing. */
export interface WrongAuthorization {
  readonly name: string;
  /** The values of the `Authorization` header. */
  readonly values: (bench: TokenBench) => readonly string[];
  /** What the function answers. */
  readonly code: 'unauthenticated' | 'not-permitted';
  /** By which rule the function decides: part of its audit entry, never of its answer. */
  readonly policy: string;
  /** Who refuses it at the deployed API: the gateway does not look at clients, at our claims or at sessions. */
  readonly refusedBy: 'gateway' | 'function';
}

type Token = (bench: TokenBench) => string;
type Row = readonly [name: string, token: Token];
type Claims = Readonly<Record<string, unknown>> | ((bench: TokenBench) => Readonly<Record<string, unknown>>);

const now = (): number => Math.floor(Date.now() / 1000);
const fresh = (): string => crypto.randomUUID();
const bearer = (token: string): string => `Bearer ${token}`;

const rows = (
  refusedBy: WrongAuthorization['refusedBy'],
  policy: string,
  tokens: readonly Row[],
  code: WrongAuthorization['code'] = 'unauthenticated',
): WrongAuthorization[] =>
  tokens.map(([name, token]) => ({
    name,
    values: (bench) => [bearer(token(bench))],
    code,
    policy,
    refusedBy,
  }));

const withHeader =
  (header: Readonly<Record<string, unknown>>, signature?: (bench: TokenBench) => Signature): Token =>
  (bench) =>
    bench.token({ header, ...(signature && { signature: signature(bench) }) });

const withClaims =
  (claims: Claims): Token =>
  (bench) =>
    bench.token({ claims: typeof claims === 'function' ? claims(bench) : claims });

/** What the pool puts into the token of a machine, which is its own subject. */
export const machineClaims = (client: string): Readonly<Record<string, unknown>> => ({
  client_id: client,
  sub: client,
  role: 'system',
  scope: 'system/Patient.r',
  jti: fresh(),
  origin_jti: undefined,
});

const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const byAttacker = (): Signature => rsa('sha256', attacker.privateKey);
const nothing = (): Signature => () => Buffer.alloc(0);

const headers: readonly WrongAuthorization[] = (
  [
    ['no header', () => [], 'gateway'],
    ['an empty header', () => [''], 'gateway'],
    ['Basic', () => [`Basic ${btoa('someone:password')}`], 'gateway'],
    ['a token without the scheme', ({ issued }) => [issued.access], 'function'],
    ['two headers, the first one right', ({ issued }) => [bearer(issued.access), 'Bearer x.y.z'], 'gateway'],
    ['two headers, the last one right', ({ issued }) => ['Bearer x.y.z', bearer(issued.access)], 'gateway'],
    ['two headers, both right', ({ issued }) => [bearer(issued.access), bearer(issued.access)], 'gateway'],
    ['a refresh handle', ({ refreshHandle }) => [bearer(refreshHandle)], 'gateway'],
    [
      'a signature that is stripped',
      ({ issued }) => [bearer(issued.access.replace(/[^.]+$/, ''))],
      'gateway',
    ],
    ['a token of five parts', ({ issued }) => [bearer(`${issued.access}.AAAA.AAAA`)], 'gateway'],
  ] as const satisfies readonly (readonly [
    string,
    WrongAuthorization['values'],
    WrongAuthorization['refusedBy'],
  ])[]
).map(([name, values, refusedBy]) => ({
  name,
  values,
  code: 'unauthenticated',
  policy: 'token.missing',
  refusedBy,
}));

/** Good tokens, but of something else. */
const ofSomethingElse: readonly WrongAuthorization[] = [
  ...rows('gateway', 'token.invalid', [
    ['an id token', ({ issued }) => issued.id],
    ['another client’s token, from Cognito', ({ issued }) => issued.otherClient],
    ['another pool’s token', ({ issued }) => issued.otherPool],
  ]),
  ...rows('function', 'session.over', [
    ['a token of a session that was signed out', ({ issued }) => issued.ended],
  ]),
];

const signatures: readonly WrongAuthorization[] = [
  ...rows('gateway', 'token.invalid', [
    ['garbage', () => 'x.y.z'],
    ['algorithm none', withHeader({ alg: 'none' }, () => () => Buffer.from([0]))],
    ['algorithm None', withHeader({ alg: 'None' }, () => () => Buffer.from([0]))],
    [
      'HS256 with the public key as secret',
      withHeader(
        { alg: 'HS256' },
        ({ publicKey }) =>
          (input) =>
            createHmac('sha256', publicKey).update(input).digest(),
      ),
    ],
    ['RS384 by the right key', withHeader({ alg: 'RS384' }, ({ poolKey }) => rsa('sha384', poolKey))],
    ['RS512 by the right key', withHeader({ alg: 'RS512' }, ({ poolKey }) => rsa('sha512', poolKey))],
    [
      'PS256 by the right key',
      withHeader(
        { alg: 'PS256' },
        ({ poolKey: key }) =>
          (input) =>
            sign('sha256', Buffer.from(input), {
              key,
              padding: constants.RSA_PKCS1_PSS_PADDING,
              saltLength: 32,
            }),
      ),
    ],
    [
      'ES256 by another key',
      withHeader(
        { alg: 'ES256' },
        () => (input) =>
          sign('sha256', Buffer.from(input), { key: curve.privateKey, dsaEncoding: 'ieee-p1363' }),
      ),
    ],
    ['another key under the right id', withHeader({}, byAttacker)],
    [
      'the right key under the id of the pool’s other key',
      ({ token, otherKeyId: kid }) => token({ header: { kid } }),
    ],
    ['the right key under an unknown id', withHeader({ kid: 'unknown' })],
    ['no key id', withHeader({ kid: undefined })],
    [
      'its own key in the header',
      withHeader({ jwk: attacker.publicKey.export({ format: 'jwk' }) }, byAttacker),
    ],
    [
      'its own key in the header under an id of its own',
      withHeader({ kid: 'own', jwk: attacker.publicKey.export({ format: 'jwk' }) }, byAttacker),
    ],
    [
      'an address of keys in the header',
      withHeader({ kid: 'own', jku: 'https://attacker.example/keys' }, byAttacker),
    ],
    [
      'claims that were not signed',
      ({ claims, issued }) => {
        const [header, , signature] = parts(issued.access);
        return [header, encoded({ ...claims, role: 'admin' }), signature].join('.');
      },
    ],
    ['a tampered signature', ({ issued }) => `${issued.access.slice(0, -8)}AAAAAAAA`],
    ['another token’s signature', ({ issued }) => issued.access.replace(/[^.]+$/, parts(issued.another)[2])],
    ['a signature cut short', ({ issued }) => issued.access.slice(0, -20)],
  ]),
  // The emulated gateway takes every signature for RS256; what is not, the function refuses.
  ...rows('function', 'token.invalid', [
    ['a right signature that calls itself none', withHeader({ alg: 'none' })],
    ['a right signature that calls itself RS512', withHeader({ alg: 'RS512' })],
    ['a critical header that nobody knows', withHeader({ crit: ['unknown'], unknown: true })],
    ['an unencoded payload', withHeader({ crit: ['b64'], b64: false })],
  ]),
  ...rows('gateway', 'token.missing', [
    ['algorithm none without a signature', withHeader({ alg: 'none' }, nothing)],
  ]),
];

const times: readonly WrongAuthorization[] = [
  ...rows('gateway', 'token.invalid', [
    ['expired', withClaims(() => ({ iat: now() - 600, exp: now() - 1 }))],
    ['not yet valid', withClaims(() => ({ nbf: now() + 60 }))],
    ['issued in the future', withClaims(() => ({ iat: now() + 60, exp: now() + 600 }))],
  ]),
  ...rows('function', 'token.invalid', [
    ['living longer than 15 minutes', withClaims(() => ({ iat: now(), exp: now() + 901 }))],
    ['older than 15 minutes', withClaims(() => ({ iat: now() - 902, exp: now() + 600 }))],
    ['without an end', withClaims({ exp: undefined })],
    ['without a beginning', withClaims({ iat: undefined })],
    ['without time of sign-in', withClaims({ auth_time: undefined })],
  ]),
];

const contents: readonly WrongAuthorization[] = [
  ...rows('gateway', 'token.invalid', [
    [
      'another issuer',
      withClaims({ iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Another00' }),
    ],
    ['no issuer', withClaims({ iss: undefined })],
    ['no scope', withClaims({ scope: undefined })],
    ['an empty scope', withClaims({ scope: '' })],
  ]),
  ...rows(
    'gateway',
    'Patient.provider.TREAT.read',
    [
      ['the scope of another operation', withClaims({ scope: 'identity/session user/Patient.c' })],
      ['a scope that begins alike', withClaims({ scope: 'user/Patient.rs' })],
    ],
    'not-permitted',
  ),
  ...rows(
    'function',
    'Patient.read.operator',
    [['a role that has no health information', withClaims({ role: 'operator' })]],
    'not-permitted',
  ),
  ...rows('function', 'token.invalid', [
    ['no client', withClaims({ client_id: undefined })],
    ['the use of an id token', withClaims({ token_use: 'id' })],
    ['no use', withClaims({ token_use: undefined })],
    ['no subject', withClaims({ sub: undefined })],
    ['a subject that is none', withClaims({ sub: 'U#someone' })],
    ['no session', withClaims({ origin_jti: undefined })],
    ['no tenant', withClaims({ tenant: undefined })],
    ['a pattern of tenants', withClaims({ tenant: '*' })],
    ['the platform as tenant', withClaims({ tenant: 'platform' })],
    ['no role', withClaims({ role: undefined })],
    ['an unknown role', withClaims({ role: 'root' })],
    ['a machine’s role for a person', withClaims({ role: 'system' })],
    ['two roles', withClaims({ role: ['provider', 'admin'] })],
    ['no role version', withClaims({ role_version: undefined })],
    ['a patient without a record', withClaims({ role: 'patient' })],
    ['staff with a record', withClaims({ patient: 'A'.repeat(26) })],
  ]),
  ...rows('function', 'token.client', [
    ['a client that nobody registered', withClaims({ client_id: 'anotherclient' })],
    ['a machine that nobody registered', withClaims(machineClaims('anotherclient'))],
    ['another tenant’s application', withClaims(({ clients }) => ({ client_id: clients.otherTenantsApp }))],
    ['an application that was removed', withClaims(({ clients }) => ({ client_id: clients.removedApp }))],
    ['a machine’s client for a person', withClaims(({ clients }) => ({ client_id: clients.machine }))],
    ['an application as a machine', withClaims(({ clients }) => machineClaims(clients.app))],
    ['another tenant’s machine', withClaims(({ clients }) => machineClaims(clients.otherTenantsMachine))],
  ]),
  ...rows('function', 'client.certificate', [
    [
      'a partner’s machine without its certificate',
      withClaims(({ clients }) => machineClaims(clients.partner)),
    ],
  ]),
];

/** Signed by the pool and well-formed, but not of a live session of the person that they name. */
const sessions: readonly WrongAuthorization[] = [
  ...rows('function', 'session.principal', [
    ['another tenant with the own session', withClaims(({ otherTenant: tenant }) => ({ tenant }))],
    ['a new session in another role', withClaims(() => ({ role: 'admin', origin_jti: fresh() }))],
    ['a new session of another role version', withClaims(() => ({ role_version: '2', origin_jti: fresh() }))],
    ['a person whom nobody knows', withClaims(() => ({ sub: fresh(), origin_jti: fresh() }))],
  ]),
  ...rows('function', 'session.over', [
    ['another role version than the session’s', withClaims({ role_version: '2' })],
  ]),
  ...rows('function', 'session.unknown', [
    [
      'somebody else’s session',
      withClaims(({ claims, issued }) => ({
        origin_jti: decodeJwt(issued.another).origin_jti,
        auth_time: Number(claims.iat) - 61,
      })),
    ],
    [
      'a session that is not known, long after the sign-in',
      withClaims(({ claims }) => ({ origin_jti: fresh(), auth_time: Number(claims.iat) - 61 })),
    ],
  ]),
];

/**
 * What a confused or hostile client could send, and what only the pool itself could sign, for a request that the same
 * person’s own token opens (requirement B5).
 */
export const wrongAuthorizations: readonly WrongAuthorization[] = [
  ...headers,
  ...ofSomethingElse,
  ...signatures,
  ...times,
  ...contents,
  ...sessions,
];
