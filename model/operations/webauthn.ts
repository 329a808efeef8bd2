import type { Schema } from '../define/field.ts';

const encoded = (most: number) =>
  ({ type: 'string', pattern: '^[A-Za-z0-9_-]+$', minLength: 1, maxLength: most }) as const satisfies Schema;
const keyType = { const: 'public-key' } as const satisfies Schema;
const transports = {
  type: 'array',
  maxItems: 8,
  items: { type: 'string', pattern: '^[a-z-]{1,32}$', maxLength: 32 },
} as const satisfies Schema;

/** The longest credential id that there is, encoded (Web Authentication Level 3 §4). */
const credentialId = encoded(1364);

const credential = (response: Schema): Schema => ({
  type: 'object',
  additionalProperties: false,
  required: ['id', 'rawId', 'type', 'response'],
  description: 'What `toJSON()` of the browser’s credential gives.',
  properties: {
    id: credentialId,
    rawId: credentialId,
    type: keyType,
    response,
    authenticatorAttachment: { enum: ['platform', 'cross-platform'] },
    clientExtensionResults: {
      type: 'object',
      additionalProperties: false,
      properties: {
        credProps: { type: 'object', additionalProperties: false, properties: { rk: { type: 'boolean' } } },
      },
    },
  },
});

/** A new passkey, as a browser encodes it (`RegistrationResponseJSON`, Web Authentication Level 3 §5.1). */
export const newCredential = credential({
  type: 'object',
  additionalProperties: false,
  required: ['clientDataJSON', 'attestationObject'],
  properties: {
    clientDataJSON: encoded(2048),
    attestationObject: encoded(2048),
    authenticatorData: encoded(2048),
    transports,
    publicKeyAlgorithm: { type: 'integer', minimum: -65_535, maximum: 65_535 },
    publicKey: encoded(1024),
  },
});

/** The use of a passkey, as a browser encodes it (`AuthenticationResponseJSON`, Web Authentication Level 3 §5.1). */
export const assertion = credential({
  type: 'object',
  additionalProperties: false,
  required: ['clientDataJSON', 'authenticatorData', 'signature'],
  properties: {
    clientDataJSON: encoded(2048),
    authenticatorData: encoded(1024),
    signature: encoded(1024),
    userHandle: encoded(88),
  },
});

const descriptors = {
  type: 'array',
  maxItems: 10,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'type'],
    properties: { id: credentialId, type: keyType, transports },
  },
} as const satisfies Schema;
const timeout = { type: 'integer', minimum: 1, maximum: 600_000, description: 'Milliseconds.' } as const;
const domain = { type: 'string', maxLength: 253 } as const;

/** What a browser makes a passkey with (`PublicKeyCredentialCreationOptionsJSON`, Web Authentication Level 3 §5.4). */
export const creationOptions = {
  type: 'object',
  additionalProperties: false,
  required: ['rp', 'user', 'challenge', 'pubKeyCredParams'],
  description: 'For `PublicKeyCredential.parseCreationOptionsFromJSON()`.',
  properties: {
    rp: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'name'],
      properties: { id: domain, name: { type: 'string', maxLength: 64 } },
    },
    user: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'name', 'displayName'],
      properties: {
        id: encoded(88),
        name: { type: 'string', maxLength: 254 },
        displayName: { type: 'string', maxLength: 254 },
      },
    },
    challenge: encoded(43),
    pubKeyCredParams: {
      type: 'array',
      maxItems: 8,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'alg'],
        properties: { type: keyType, alg: { type: 'integer', minimum: -65_535, maximum: 65_535 } },
      },
    },
    timeout,
    excludeCredentials: descriptors,
    authenticatorSelection: {
      type: 'object',
      additionalProperties: false,
      properties: {
        residentKey: { const: 'required' },
        requireResidentKey: { const: true },
        userVerification: { const: 'required' },
      },
    },
    attestation: { const: 'none' },
  },
} as const satisfies Schema;

/** What a browser uses a passkey with (`PublicKeyCredentialRequestOptionsJSON`, Web Authentication Level 3 §5.5). */
export const requestOptions = {
  type: 'object',
  additionalProperties: false,
  required: ['challenge', 'rpId', 'userVerification'],
  description: 'For `PublicKeyCredential.parseRequestOptionsFromJSON()`.',
  properties: {
    challenge: encoded(43),
    rpId: domain,
    timeout,
    allowCredentials: descriptors,
    userVerification: { const: 'required' },
  },
} as const satisfies Schema;

/** A new passkey, for examples. */
export const exampleCredential = {
  id: 'ZXhhbXBsZS1vZi1hLWNyZWRlbnRpYWw',
  rawId: 'ZXhhbXBsZS1vZi1hLWNyZWRlbnRpYWw',
  type: 'public-key',
  response: {
    clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0',
    attestationObject: 'ZXhhbXBsZQ',
    transports: ['internal'],
  },
  clientExtensionResults: {},
} as const;
