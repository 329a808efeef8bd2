import type { Schema } from '../define/field.ts';
import type { ScopeServer } from '../derive/scopes.ts';
import { registrableScopes } from '../derive/scopes.ts';

/** The id of a registered client. */
export const client = {
  type: 'string',
  pattern: '^[a-z0-9]{10,128}$',
  maxLength: 128,
  description: 'What OAuth calls `client_id`.',
} as const;

/** A secret of a client. */
export const secret = {
  type: 'string',
  minLength: 24,
  maxLength: 128,
  description: 'What OAuth calls `client_secret`; shown once.',
} as const;

/** What a client is called. */
export const name = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  pattern: "^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N} '’.,&()/-]*$",
} as const;

/** When something happened. */
export const time = { type: 'string', format: 'date-time', maxLength: 24 } as const;

/** Scopes that an application or a machine can be registered for. */
export const scopesOf = (server: ScopeServer): Schema => ({
  type: 'array',
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
  items: { type: 'string', enum: [...registrableScopes(server)] },
});
