import { defineOperation } from '../define/define-operation.ts';
import { pageOf, pageRequest } from './page.ts';
import { creationOptions, exampleCredential, newCredential } from './webauthn.ts';

const handle = { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 } as const;
const name = {
  type: 'string',
  pattern: "^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N} ._'’()-]*$",
  maxLength: 64,
  description: 'What you call it, such as the device that it is on.',
} as const;
const time = { type: 'string', format: 'date-time', maxLength: 24 } as const;

/** Begins the registration of a passkey for the caller. */
export const beginPasskey = defineOperation({
  id: 'passkeys.begin',
  description:
    'Begin to register a passkey of yours; when you have one already, only in a session that a passkey opened or stepped up.',
  capability: 'identity',
  method: 'POST',
  path: '/passkeys/challenge',
  allows: 'session',
  sensitive: true,
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['session', 'options'],
    properties: {
      session: { ...handle, description: 'Send it with the new passkey; it is good once, for ten minutes.' },
      options: creationOptions,
    },
  },
  status: 200,
  event: 'AUTHENTICATION_CHALLENGED',
  problems: ['conflict'],
});

/** Registers a passkey of the caller. */
export const registerPasskey = defineOperation({
  id: 'passkeys.register',
  description: 'Register the passkey that your authenticator has made.',
  capability: 'identity',
  method: 'POST',
  path: '/passkeys',
  allows: 'session',
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['session', 'credential'],
    properties: { session: handle, credential: newCredential, name },
  },
  example: {
    session: 'example-of-a-handle-0123456789-abcdefghijkl',
    credential: exampleCredential,
    name: 'Ward laptop',
  },
  response: { type: 'object', additionalProperties: false, required: ['id'], properties: { id: handle } },
  status: 201,
  event: 'PRIVILEGE_CHANGE',
  problems: ['invalid-challenge', 'step-up-required'],
});

/** Lists the caller's passkeys. */
export const listPasskeys = defineOperation({
  id: 'passkeys.list',
  description: 'List your passkeys.',
  capability: 'identity',
  method: 'POST',
  path: '/passkeys/_search',
  allows: 'session',
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf({
    type: 'object',
    additionalProperties: false,
    required: ['id', 'backupEligible', 'createdAt'],
    properties: {
      id: handle,
      name,
      backupEligible: { type: 'boolean', description: 'Whether it may be copied to your other devices.' },
      createdAt: time,
      lastUsedAt: time,
    },
  }),
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Removes a passkey of the caller. */
export const removePasskey = defineOperation({
  id: 'passkeys.remove',
  description:
    'Remove a passkey of yours, in a session that a passkey opened or stepped up. Every session of yours ends, this one too: sign in again. Who has administrative powers keeps one passkey.',
  capability: 'identity',
  method: 'DELETE',
  path: '/passkeys/{id}',
  parameters: { id: 'passkey' },
  allows: 'session',
  sensitive: true,
  status: 204,
  event: 'PRIVILEGE_CHANGE',
  problems: ['not-found', 'conflict'],
});
