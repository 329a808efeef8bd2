import { defineOperation } from '../define/define-operation.ts';
import type { Schema } from '../define/field.ts';
import { client, name, scopesOf, secret, time } from './client-fields.ts';
import { pageOf, pageRequest } from './page.ts';

const secretId = { type: 'string', pattern: '^[a-z0-9]{10,128}--[0-9]{1,16}$', maxLength: 146 } as const;
const certificate = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{43}$',
  maxLength: 43,
  description:
    'SHA-256 of the certificate’s DER form in base64url (`x5t#S256`, RFC 8705); the machine then calls the partners’ domain with that certificate, and nothing else.',
} as const;

/** Registers a machine, which acts for itself. */
export const createMachine = defineOperation({
  id: 'machines.create',
  description:
    'Register a machine of your tenant, which gets tokens by client credentials, with these scopes at most.',
  capability: 'identity',
  method: 'POST',
  path: '/machines',
  allows: ['admin'],
  sensitive: true,
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'scopes'],
    properties: { name, scopes: scopesOf('system'), certificate },
  },
  example: { name: 'Laboratory interface', scopes: ['system/Vital.c'] },
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'secret'],
    properties: { id: client, secret },
  },
  status: 201,
  event: 'PRIVILEGE_CHANGE',
});

const machine = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'name', 'scopes', 'createdAt'],
  properties: { id: client, name, scopes: scopesOf('system'), certificate, createdAt: time },
} as const satisfies Schema;

/** Lists the machines of the caller's tenant. */
export const listMachines = defineOperation({
  id: 'machines.list',
  description: 'List the machines of your tenant.',
  capability: 'identity',
  method: 'POST',
  path: '/machines/_search',
  allows: ['admin', 'compliance'],
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf(machine),
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Reads a machine of the caller's tenant, with its live secrets. */
export const readMachine = defineOperation({
  id: 'machines.read',
  description:
    'Read a machine of your tenant, and since when it has which secrets; their values are not kept.',
  capability: 'identity',
  method: 'GET',
  path: '/machines/{client}',
  parameters: { client: 'client' },
  allows: ['admin', 'compliance'],
  problems: ['not-found'],
  response: {
    ...machine,
    required: [...machine.required, 'status', 'secrets'],
    properties: {
      ...machine.properties,
      status: { type: 'string', enum: ['active', 'suspended'] },
      secrets: {
        type: 'array',
        maxItems: 2,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['id', 'createdAt'],
          properties: { id: secretId, createdAt: time },
        },
      },
    },
  },
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Removes a machine of the caller's tenant. */
export const removeMachine = defineOperation({
  id: 'machines.remove',
  description: 'Remove a machine of your tenant; its tokens are refused from its next request on.',
  capability: 'identity',
  method: 'DELETE',
  path: '/machines/{client}',
  parameters: { client: 'client' },
  allows: ['admin'],
  sensitive: true,
  problems: ['not-found', 'conflict'],
  status: 204,
  event: 'PRIVILEGE_CHANGE',
});

/** Gives a machine a second secret. */
export const rotateSecret = defineOperation({
  id: 'machines.rotateSecret',
  description:
    'Give a machine a second secret; the first one stays good until it is retired. No third one is given.',
  capability: 'identity',
  method: 'POST',
  path: '/machines/{client}/secrets',
  parameters: { client: 'client' },
  allows: ['admin'],
  sensitive: true,
  problems: ['not-found'],
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'secret'],
    properties: { id: secretId, secret },
  },
  status: 201,
  event: 'CONFIGURATION_CHANGE',
});

/** Retires one of a machine's two secrets. */
export const retireSecret = defineOperation({
  id: 'machines.retireSecret',
  description: 'Retire one of the two secrets of a machine; the last one cannot be retired.',
  capability: 'identity',
  method: 'DELETE',
  path: '/machines/{client}/secrets/{secret}',
  parameters: { client: 'client', secret: 'secret' },
  allows: ['admin'],
  sensitive: true,
  problems: ['not-found', 'conflict'],
  status: 204,
  event: 'CONFIGURATION_CHANGE',
});
