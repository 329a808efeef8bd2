import { defineOperation } from '../define/define-operation.ts';

/** Creates a person of the caller's tenant with a role. */
export const createUser = defineOperation({
  id: 'users.create',
  description:
    "Create a person of your tenant with a role; a patient's user names the patient record that is theirs.",
  capability: 'identity',
  method: 'POST',
  path: '/users',
  allows: ['admin'],
  request: {
    type: 'object',
    required: ['email', 'role'],
    oneOf: [
      {
        additionalProperties: false,
        properties: {
          email: { type: 'string', format: 'email', maxLength: 254 },
          role: { enum: ['admin', 'provider', 'nurse', 'billing', 'compliance'] },
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
  example: { email: 'nurse@example.org', role: 'nurse' },
  response: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'temporaryPassword'],
    properties: {
      id: {
        type: 'string',
        format: 'uuid',
        maxLength: 36,
        description: "The person's subject; never reused.",
      },
      temporaryPassword: {
        type: 'string',
        maxLength: 64,
        description: 'Shown once; the first sign-in replaces it.',
      },
    },
  },
  status: 201,
  event: 'PRIVILEGE_CHANGE',
});
