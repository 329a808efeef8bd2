import { defineOperation } from '../define/define-operation.ts';
import { client, name, scopesOf, time } from './client-fields.ts';
import { pageOf, pageRequest } from './page.ts';

/** Lets an application act for the caller. */
export const grantConsent = defineOperation({
  id: 'consents.grant',
  description:
    'Let an application of your tenant act for you, with these of its scopes at most; it replaces what you let it do before.',
  capability: 'identity',
  method: 'PUT',
  path: '/consents/{client}',
  parameters: { client: 'client' },
  allows: 'session',
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['scopes'],
    properties: { scopes: scopesOf('user') },
  },
  example: { scopes: ['user/Patient.r'] },
  problems: ['not-found', 'conflict'],
  status: 204,
  event: 'PRIVILEGE_CHANGE',
});

/** Lists what the caller lets applications do. */
export const listConsents = defineOperation({
  id: 'consents.list',
  description: 'List the applications that you let act for you.',
  capability: 'identity',
  method: 'POST',
  path: '/consents/_search',
  allows: 'session',
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf({
    type: 'object',
    additionalProperties: false,
    required: ['client', 'name', 'scopes', 'grantedAt'],
    properties: { client, name, scopes: scopesOf('user'), grantedAt: time },
  }),
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Takes back what the caller lets an application do. */
export const withdrawConsent = defineOperation({
  id: 'consents.withdraw',
  description: 'Take back what you let an application do; its sessions for you end at once.',
  capability: 'identity',
  method: 'DELETE',
  path: '/consents/{client}',
  parameters: { client: 'client' },
  allows: 'session',
  problems: ['not-found', 'conflict'],
  status: 204,
  event: 'PRIVILEGE_CHANGE',
});
