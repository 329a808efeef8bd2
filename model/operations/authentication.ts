import { defineOperation } from '../define/define-operation.ts';
import type { Schema } from '../define/field.ts';
import { assertion, requestOptions } from './webauthn.ts';

const email = { type: 'string', format: 'email', maxLength: 254 } as const;
const password = { type: 'string', minLength: 1, maxLength: 256 } as const;
const handle = { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 } as const;
const exampleHandle = 'example-of-a-handle-0123456789-abcdefghijkl';

const tokens = {
  type: 'object',
  additionalProperties: false,
  required: ['accessToken', 'tokenType', 'expiresIn', 'refreshToken', 'scope'],
  properties: {
    accessToken: { type: 'string', maxLength: 8192, description: 'A JWT; send it as a bearer token.' },
    tokenType: { const: 'Bearer' },
    expiresIn: { type: 'integer', minimum: 1, maximum: 900, description: 'Seconds.' },
    refreshToken: { ...handle, description: 'An opaque handle that replaces itself at each use.' },
    scope: { type: 'string', maxLength: 4096 },
  },
} as const satisfies Schema;

const challenge = {
  type: 'object',
  additionalProperties: false,
  required: ['challenge', 'session'],
  properties: {
    challenge: { type: 'string', enum: ['NEW_PASSWORD_REQUIRED', 'MFA_SETUP', 'SOFTWARE_TOKEN_MFA'] },
    session: {
      ...handle,
      description: 'Send it with the answer; it is good for one answer and ten minutes.',
    },
    secret: { type: 'string', maxLength: 128, description: 'With MFA_SETUP: the TOTP secret in base32.' },
  },
} as const satisfies Schema;

const passkeyChallenge = {
  type: 'object',
  additionalProperties: false,
  required: ['challenge', 'session', 'options'],
  properties: {
    challenge: { const: 'PASSKEY' },
    session: challenge.properties.session,
    options: requestOptions,
  },
} as const satisfies Schema;

const proof = {
  type: 'object',
  additionalProperties: false,
  required: ['proof', 'expiresIn'],
  properties: {
    proof: {
      ...handle,
      description:
        'Send it as `X-Step-Up-Proof` with one sensitive request of the session that it was asked for in.',
    },
    expiresIn: { type: 'integer', minimum: 1, maximum: 300, description: 'Seconds.' },
  },
} as const satisfies Schema;

/** Starts a sign-in with e-mail address and password. */
export const login = defineOperation({
  id: 'auth.login',
  description: 'Start a sign-in with e-mail address and password; a challenge follows.',
  capability: 'identity',
  method: 'POST',
  path: '/auth/login',
  allows: 'public',
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['email', 'password'],
    properties: { email, password },
  },
  example: { email: 'provider@example.org', password: 'an example of a long password' },
  response: challenge,
  status: 200,
  event: 'AUTHENTICATION_CHALLENGED',
});

/** Starts a sign-in with a passkey. */
export const challengePasskey = defineOperation({
  id: 'auth.passkey',
  description: 'Start a sign-in with a passkey, which itself says whose it is.',
  capability: 'identity',
  method: 'POST',
  path: '/auth/passkey',
  allows: 'public',
  request: { type: 'object', additionalProperties: false, properties: {} },
  example: {},
  response: passkeyChallenge,
  status: 200,
  event: 'AUTHENTICATION_CHALLENGED',
});

/** Starts a step-up in the caller's session. */
export const stepUp = defineOperation({
  id: 'auth.stepUp',
  description:
    'Authenticate again in your session: with a passkey or, while you have none, with your password and then a TOTP code. The answer at /auth/challenge gives a proof for one sensitive request; a passkey also gives the session its administrative scopes, from the next refresh on.',
  capability: 'identity',
  method: 'POST',
  path: '/auth/step-up',
  allows: 'session',
  request: { type: 'object', additionalProperties: false, properties: { password } },
  example: {},
  response: { oneOf: [challenge, passkeyChallenge] },
  status: 200,
  event: 'AUTHENTICATION_CHALLENGED',
  problems: ['invalid-credentials', 'step-up-required'],
});

/** Answers a challenge of a sign-in. */
export const answerChallenge = defineOperation({
  id: 'auth.challenge',
  description:
    'Answer a challenge: a new password, the first code of a new TOTP device, a TOTP code, or the use of a passkey.',
  capability: 'identity',
  method: 'POST',
  path: '/auth/challenge',
  allows: 'public',
  request: {
    type: 'object',
    oneOf: [
      {
        additionalProperties: false,
        required: ['challenge', 'session', 'newPassword'],
        properties: { challenge: { const: 'NEW_PASSWORD_REQUIRED' }, session: handle, newPassword: password },
      },
      {
        additionalProperties: false,
        required: ['challenge', 'session', 'code'],
        properties: {
          challenge: { enum: ['MFA_SETUP', 'SOFTWARE_TOKEN_MFA'] },
          session: handle,
          code: { type: 'string', pattern: '^[0-9]{6}$', maxLength: 6 },
        },
      },
      {
        additionalProperties: false,
        required: ['challenge', 'session', 'credential'],
        properties: { challenge: { const: 'PASSKEY' }, session: handle, credential: assertion },
      },
    ],
  },
  example: { challenge: 'SOFTWARE_TOKEN_MFA', session: exampleHandle, code: '123456' },
  response: { oneOf: [tokens, challenge, proof] },
  status: 200,
  event: 'AUTHENTICATION_SUCCESS',
  problems: ['weak-password', 'step-up-required'],
});

/** Continues a session. */
export const refresh = defineOperation({
  id: 'auth.refresh',
  description: 'Continue a session: a new access token, and a new refresh handle in place of this one.',
  capability: 'identity',
  method: 'POST',
  path: '/auth/refresh',
  allows: 'public',
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['refreshToken'],
    properties: { refreshToken: handle },
  },
  example: { refreshToken: exampleHandle },
  response: tokens,
  status: 200,
  event: 'TOKEN_REFRESHED',
});

/** Ends the caller's session. */
export const logout = defineOperation({
  id: 'auth.logout',
  description: 'End the session of the access token, at once and for every token of it.',
  capability: 'identity',
  method: 'POST',
  path: '/auth/logout',
  allows: 'session',
  status: 204,
  event: 'TOKEN_REVOKED',
});
