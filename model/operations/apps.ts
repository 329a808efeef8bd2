import { defineOperation } from '../define/define-operation.ts';
import type { Schema } from '../define/field.ts';
import { client, name, scopesOf, secret, time } from './client-fields.ts';
import { pageOf, pageRequest } from './page.ts';

const path = '(?:/[A-Za-z0-9._~%@:/-]*)?';
const port = '(?::[1-9][0-9]{0,4})?';
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** An HTTPS address with a host name, without query and fragment; it is compared character by character. */
const httpsUri = `^https://(?:${label}\\.)+${label}${port}${path}$`;
/** What a native application listens at on its own computer (RFC 8252 §7.3). */
const loopbackUri = `^http://(?:127\\.0\\.0\\.1|\\[::1\\])${port}${path}$`;
const redirectUris = (pattern: string): Schema => ({
  type: 'array',
  minItems: 1,
  maxItems: 10,
  uniqueItems: true,
  items: { type: 'string', maxLength: 512, pattern },
});

const kind = {
  type: 'string',
  enum: ['public', 'confidential'],
  description: 'Whether it can keep a secret.',
} as const;

/** Registers an application that people sign in to by managed login. */
export const createApp = defineOperation({
  id: 'apps.create',
  description:
    'Register an application that people of your tenant sign in to by authorization code and PKCE; it gets what they consent to, of these scopes.',
  capability: 'identity',
  method: 'POST',
  path: '/apps',
  allows: ['admin'],
  sensitive: true,
  request: {
    type: 'object',
    oneOf: [
      {
        additionalProperties: false,
        required: ['name', 'kind', 'redirectUris', 'scopes'],
        properties: {
          name,
          kind: { const: 'public' },
          redirectUris: redirectUris(`${httpsUri}|${loopbackUri}`),
          scopes: scopesOf('user'),
        },
      },
      {
        additionalProperties: false,
        required: ['name', 'kind', 'redirectUris', 'scopes'],
        properties: {
          name,
          kind: { const: 'confidential' },
          redirectUris: redirectUris(httpsUri),
          scopes: scopesOf('user'),
        },
      },
    ],
  },
  example: {
    name: 'Patient portal',
    kind: 'public',
    redirectUris: ['https://portal.example.org/callback'],
    scopes: ['user/Patient.r'],
  },
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['id'],
    properties: { id: client, secret },
  },
  status: 201,
  event: 'CONFIGURATION_CHANGE',
});

/** Lists the applications of the caller's tenant. */
export const listApps = defineOperation({
  id: 'apps.list',
  description: 'List the applications of your tenant.',
  capability: 'identity',
  method: 'POST',
  path: '/apps/_search',
  allows: ['admin', 'compliance'],
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf({
    type: 'object',
    additionalProperties: false,
    required: ['id', 'name', 'kind', 'redirectUris', 'scopes', 'createdAt'],
    properties: {
      id: client,
      name,
      kind,
      redirectUris: redirectUris(`${httpsUri}|${loopbackUri}`),
      scopes: scopesOf('user'),
      createdAt: time,
    },
  }),
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Removes an application of the caller's tenant. */
export const removeApp = defineOperation({
  id: 'apps.remove',
  description:
    'Remove an application of your tenant: it gets no token any more, and those that it has are refused within 30 seconds.',
  capability: 'identity',
  method: 'DELETE',
  path: '/apps/{client}',
  parameters: { client: 'client' },
  allows: ['admin'],
  sensitive: true,
  problems: ['not-found', 'conflict'],
  status: 204,
  event: 'CONFIGURATION_CHANGE',
});
