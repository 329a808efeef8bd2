import { defineOperation } from '../define/define-operation.ts';

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
          role: { enum: ['admin', 'provider', 'nurse', 'billing', 'compliance'] },
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
