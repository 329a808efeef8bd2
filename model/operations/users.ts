import { defineOperation } from '../define/define-operation.ts';
import type { Schema } from '../define/field.ts';
import { pageOf, pageRequest } from './page.ts';

/** The roles of people who work for a tenant. */
const workforce = ['admin', 'provider', 'nurse', 'billing', 'compliance'] as const;

const trainedOn = {
  type: 'string',
  format: 'date',
  maxLength: 10,
  description: 'The day of the last training; none older than a year counts.',
} as const;
const subject = {
  type: 'string',
  format: 'uuid',
  maxLength: 36,
  description: "The person's subject; never reused.",
} as const;

/** Creates a person of the caller's tenant with a role. */
export const createUser = defineOperation({
  id: 'users.create',
  description:
    "Create a person of your tenant with a role; a patient's user names the patient record that is theirs.",
  capability: 'identity',
  method: 'POST',
  path: '/users',
  allows: ['admin'],
  sensitive: true,
  request: {
    type: 'object',
    required: ['email', 'role'],
    oneOf: [
      {
        additionalProperties: false,
        properties: {
          email: { type: 'string', format: 'email', maxLength: 254 },
          role: { enum: workforce },
          trainedOn,
        },
      },
      {
        additionalProperties: false,
        required: ['patient'],
        properties: {
          email: { type: 'string', format: 'email', maxLength: 254 },
          role: { const: 'patient' },
          patient: { type: 'string', pattern: '^[0-9A-HJKMNP-TV-Z]{26}$', maxLength: 26 },
        },
      },
    ],
  },
  example: { email: 'nurse@example.org', role: 'nurse', trainedOn: '2026-11-22' },
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'temporaryPassword'],
    properties: {
      id: subject,
      temporaryPassword: {
        type: 'string',
        maxLength: 64,
        description: 'Shown once; the first sign-in replaces it.',
      },
    },
  },
  status: 201,
  event: 'PRIVILEGE_CHANGE',
  problems: ['training-required'],
});

/** Records when a person of the caller's tenant was trained last. */
export const recordTraining = defineOperation({
  id: 'users.recordTraining',
  description:
    'Record when a person of your tenant was trained last (45 CFR 164.308(a)(5)); it takes effect with their next access token.',
  capability: 'identity',
  method: 'PUT',
  path: '/users/{id}/training',
  parameters: { id: 'uuid' },
  allows: ['admin', 'compliance'],
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['trainedOn'],
    properties: { trainedOn },
  },
  example: { trainedOn: '2026-11-22' },
  status: 204,
  event: 'PRIVILEGE_CHANGE',
  problems: ['not-found', 'conflict', 'training-required'],
});

const user = {
  id: subject,
  role: { type: 'string', enum: [...workforce, 'patient'] },
  status: { type: 'string', enum: ['active', 'suspended', 'removed'] },
  isEnrolled: { type: 'boolean', description: 'Whether a second factor is enrolled.' },
  trainedOn,
  grantExpiresAt: {
    type: 'string',
    format: 'date-time',
    maxLength: 24,
    description: 'When a review of access takes the grant away, unless somebody attests it.',
  },
} as const;
const email = {
  type: 'string',
  format: 'email',
  maxLength: 254,
  description: 'Of members of the workforce only.',
} as const;
const userSchema = (more: NonNullable<Schema['properties']> = {}) =>
  ({
    type: 'object',
    additionalProperties: false,
    required: ['id', 'role', 'status', 'isEnrolled'],
    properties: { ...user, ...more },
  }) as const;

/** Lists the people of the caller's tenant. */
export const listUsers = defineOperation({
  id: 'users.list',
  description: 'List the people of your tenant, with what they may do; those who were removed too.',
  capability: 'identity',
  method: 'POST',
  path: '/users/_search',
  allows: ['admin', 'compliance'],
  request: pageRequest,
  example: { limit: 25 },
  response: pageOf(userSchema()),
  status: 200,
  event: 'DIRECTORY_ACCESS',
});

/** Reads a person of the caller's tenant. */
export const readUser = defineOperation({
  id: 'users.read',
  description: 'Read a person of your tenant.',
  capability: 'identity',
  method: 'GET',
  path: '/users/{id}',
  parameters: { id: 'uuid' },
  allows: ['admin', 'compliance'],
  response: userSchema({ email }),
  status: 200,
  event: 'DIRECTORY_ACCESS',
  problems: ['not-found'],
});

const change = {
  capability: 'identity',
  parameters: { id: 'uuid' },
  allows: ['admin'],
  sensitive: true,
  status: 204,
  event: 'PRIVILEGE_CHANGE',
} as const;

/** Gives a person of the caller's tenant another role. */
export const changeRole = defineOperation({
  ...change,
  id: 'users.changeRole',
  description: 'Give a member of your workforce another role; their sessions end at once.',
  method: 'PUT',
  path: '/users/{id}/role',
  request: {
    type: 'object',
    additionalProperties: false,
    required: ['role'],
    properties: { role: { enum: workforce } },
  },
  example: { role: 'provider' },
  problems: ['not-found', 'conflict', 'training-required'],
});

/** Suspends a person of the caller's tenant. */
export const suspendUser = defineOperation({
  ...change,
  id: 'users.suspend',
  description: 'Suspend a person of your tenant; their sessions end at once.',
  method: 'POST',
  path: '/users/{id}/suspend',
  problems: ['not-found', 'conflict'],
});

/** Reactivates a person of the caller's tenant. */
export const reactivateUser = defineOperation({
  ...change,
  id: 'users.reactivate',
  description: 'Let a person act again whom you suspended, or whose access a review has taken away.',
  method: 'POST',
  path: '/users/{id}/reactivate',
  problems: ['not-found', 'conflict', 'training-required'],
});

/** Removes a person of the caller's tenant for good. */
export const removeUser = defineOperation({
  ...change,
  id: 'users.remove',
  description:
    'Remove a person of your tenant for good; their sessions end at once, and their id is never reused.',
  method: 'DELETE',
  path: '/users/{id}',
  problems: ['not-found', 'conflict'],
});

/** Forgets the second factors of a person of the caller's tenant. */
export const resetFactors = defineOperation({
  ...change,
  id: 'users.resetFactors',
  description:
    "Forget a person's TOTP device, passkeys and password, after you made sure who asks; their sessions end, and the next sign-in, with the temporary password, enrols a new device. When the answer is 503, repeat the request.",
  method: 'POST',
  path: '/users/{id}/reset-factors',
  status: 200,
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['temporaryPassword'],
    properties: {
      temporaryPassword: {
        type: 'string',
        maxLength: 64,
        description: 'Shown once; hand it over in person. The next sign-in replaces it.',
      },
    },
  },
  problems: ['not-found', 'conflict'],
});
