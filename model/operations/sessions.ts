import { defineOperation } from '../define/define-operation.ts';
import { pageOf, pageRequest } from './page.ts';

const id = { type: 'string', format: 'uuid', maxLength: 36 } as const;
const time = { type: 'string', format: 'date-time', maxLength: 24 } as const;

/** Lists the caller's live sessions. */
export const listSessions = defineOperation({
  id: 'sessions.list',
  description: 'List your live sessions: by what client, from which network, since when.',
  capability: 'identity',
  method: 'POST',
  path: '/sessions/_search',
  allows: 'session',
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf({
    type: 'object',
    additionalProperties: false,
    required: [
      'id',
      'isCurrent',
      'client',
      'network',
      'agent',
      'mfa',
      'startedAt',
      'idleExpiresAt',
      'expiresAt',
    ],
    properties: {
      id,
      isCurrent: { type: 'boolean', description: 'Whether this request belongs to it.' },
      client: { type: 'string', maxLength: 128, description: 'The client that signed in.' },
      network: { type: 'string', maxLength: 24, description: 'An IPv4 /24 or an IPv6 /48.' },
      agent: {
        type: 'string',
        maxLength: 190,
        description: 'The software that signed in, with major versions.',
      },
      mfa: { type: 'string', enum: ['none', 'totp', 'passkey'], description: 'What was verified by us.' },
      startedAt: time,
      idleExpiresAt: { ...time, description: 'When it ends without a further request.' },
      expiresAt: { ...time, description: 'When it ends whatever happens.' },
    },
  }),
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Ends one of the caller's sessions. */
export const endSession = defineOperation({
  id: 'sessions.end',
  description: 'End one of your sessions, at once and for every token of it.',
  capability: 'identity',
  method: 'DELETE',
  path: '/sessions/{id}',
  parameters: { id: 'uuid' },
  allows: 'session',
  problems: ['not-found'],
  status: 204,
  event: 'TOKEN_REVOKED',
});

/** Ends every session of the caller. */
export const endAllSessions = defineOperation({
  id: 'sessions.endAll',
  description: 'End all your sessions, this one too.',
  capability: 'identity',
  method: 'DELETE',
  path: '/sessions',
  allows: 'session',
  status: 204,
  event: 'TOKEN_REVOKED',
});

/** Ends every session of a person of the caller's tenant. */
export const endUserSessions = defineOperation({
  id: 'users.endSessions',
  description: 'End every session of a person of your tenant, at once.',
  capability: 'identity',
  method: 'DELETE',
  path: '/users/{id}/sessions',
  parameters: { id: 'uuid' },
  allows: ['admin'],
  problems: ['not-found', 'conflict'],
  status: 204,
  event: 'TOKEN_REVOKED',
});
