import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Assertion, NewCredential } from '../../lambdas/ports/relying-party.ts';

type CborValue = number | string | Uint8Array | ReadonlyMap<number | string, CborValue>;

const head = (major: number, value: number): Buffer => {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
};

/** CBOR (RFC 8949), as much of it as attestation objects and COSE keys need. */
const cbor = (value: CborValue): Buffer => {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([
    head(5, value.size),
    ...[...value].flatMap(([key, inner]) => [cbor(key), cbor(inner)]),
  ]);
};

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly digest: string | null;
  readonly cose: ReadonlyMap<number, CborValue>;
}

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

const ecKey = (
  namedCurve: 'P-256' | 'P-384',
  algorithm: number,
  curve: number,
  digest: string,
): SigningKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const { x, y } = publicKey.export({ format: 'jwk' });
  return {
    privateKey,
    digest,
    cose: new Map<number, CborValue>([
      [1, 2],
      [3, algorithm],
      [-1, curve],
      [-2, bytes(x)],
      [-3, bytes(y)],
    ]),
  };
};

/** Keys by the name of their algorithm; ES384 is one that the platform does not ask for. */
const newKey = {
  ES256: () => ecKey('P-256', -7, 1, 'sha256'),
  ES384: () => ecKey('P-384', -35, 2, 'sha384'),
  EdDSA: (): SigningKey => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x } = publicKey.export({ format: 'jwk' });
    return {
      privateKey,
      digest: null,
      cose: new Map<number, CborValue>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, bytes(x)],
      ]),
    };
  },
  RS256: (): SigningKey => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: 'jwk' });
    return {
      privateKey,
      digest: 'sha256',
      cose: new Map<number, CborValue>([
        [1, 3],
        [3, -257],
        [-1, bytes(n)],
        [-2, bytes(e)],
      ]),
    };
  },
} as const;

/** What a test makes an authenticator, or the browser in front of it, do other than it should. */
export interface Misbehaviour {
  readonly algorithm?: keyof typeof newKey;
  readonly backupEligible?: boolean;
  readonly challenge?: string;
  /** What the counter says. @default one more each time */
  readonly counter?: number;
  readonly crossOrigin?: boolean;
  /** That a statement about the authenticator comes along, signed with the new key itself (§8.2). */
  readonly selfAttested?: boolean;
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly userHandle?: string | undefined;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
}

interface HeldCredential {
  readonly id: string;
  readonly key: SigningKey;
  readonly rpId: string;
  readonly userHandle: string;
  counter: number;
}

/** A browser with an authenticator in software that makes and uses discoverable passkeys. */
export interface SoftwareAuthenticator {
  readonly create: (
    options: PublicKeyCredentialCreationOptionsJSON,
    misbehaviour?: Misbehaviour,
  ) => NewCredential;
  /** Uses the newest passkey that the options allow. */
  readonly get: (options: PublicKeyCredentialRequestOptionsJSON, misbehaviour?: Misbehaviour) => Assertion;
}

const sha256 = (content: string | Uint8Array): Buffer => hash('sha256', content, 'buffer');

const authenticatorData = (
  rpId: string,
  counter: number,
  { userPresent = true, userVerified = true, backupEligible = false }: Misbehaviour,
  attested?: Buffer,
): Buffer => {
  const flags =
    Number(userPresent) |
    (Number(userVerified) << 2) |
    (Number(backupEligible) << 3) |
    (Number(backupEligible) << 4) |
    (Number(attested !== undefined) << 6);
  const fixed = Buffer.alloc(5);
  fixed.writeUInt8(flags, 0);
  fixed.writeUInt32BE(counter, 1);
  return Buffer.concat([sha256(rpId), fixed, attested ?? Buffer.alloc(0)]);
};

/**
 * An authenticator in software behind a browser at an origin (Web Authentication Level 3 §6): no attestation, user presence
 * and verification always given.
 */
export const softwareAuthenticator = (origin: string): SoftwareAuthenticator => {
  const held: HeldCredential[] = [];
  const clientData = (type: string, challenge: string, wrong: Misbehaviour): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: wrong.type ?? type,
        challenge: wrong.challenge ?? challenge,
        origin: wrong.origin ?? origin,
        crossOrigin: wrong.crossOrigin ?? false,
      }),
    );
  return {
    create: ({ rp, user, challenge }, wrong = {}) => {
      const id = randomBytes(32);
      const key = newKey[wrong.algorithm ?? 'ES256']();
      const credential = {
        id: id.toString('base64url'),
        key,
        rpId: rp.id ?? '',
        userHandle: user.id,
        counter: wrong.counter ?? 0,
      };
      held.push(credential);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, cbor(key.cose)]);
      const data = authenticatorData(wrong.rpId ?? credential.rpId, credential.counter, wrong, attested);
      const client = clientData('webauthn.create', challenge, wrong);
      const statement = new Map<string, CborValue>(
        wrong.selfAttested
          ? [
              ['alg', key.cose.get(3) as number],
              ['sig', sign(key.digest, Buffer.concat([data, sha256(client)]), key.privateKey)],
            ]
          : [],
      );
      const attestation = new Map<string, CborValue>([
        ['fmt', wrong.selfAttested ? 'packed' : 'none'],
        ['attStmt', statement],
        ['authData', data],
      ]);
      return {
        id: credential.id,
        rawId: credential.id,
        type: 'public-key',
        response: {
          clientDataJSON: client.toString('base64url'),
          attestationObject: cbor(attestation).toString('base64url'),
          transports: ['internal'],
        },
        clientExtensionResults: {},
      };
    },
    get: ({ rpId, challenge, allowCredentials = [] }, wrong = {}) => {
      const credential = held.findLast(
        (one) =>
          one.rpId === rpId &&
          (allowCredentials.length === 0 || allowCredentials.some(({ id }) => id === one.id)),
      );
      if (credential === undefined) throw new Error('no passkey of this authenticator is allowed');
      credential.counter = wrong.counter ?? credential.counter + 1;
      const data = authenticatorData(wrong.rpId ?? credential.rpId, credential.counter, wrong);
      const client = clientData('webauthn.get', challenge, wrong);
      const { digest, privateKey } = credential.key;
      const signature = sign(digest, Buffer.concat([data, sha256(client)]), privateKey);
      const userHandle = 'userHandle' in wrong ? wrong.userHandle : credential.userHandle;
      return {
        id: credential.id,
        rawId: credential.id,
        type: 'public-key',
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: signature.toString('base64url'),
          ...(userHandle !== undefined && { userHandle }),
        },
        clientExtensionResults: {},
      };
    },
  };
};
