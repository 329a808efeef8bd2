import type { Schema } from '../define/field.ts';

/** How many items a list answers when its caller does not say (requirement F3). */
export const usualPage = 25;
/** The most items that a list answers. */
export const longestPage = 100;

const cursor = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{1,600}\\.[A-Za-z0-9_-]{43}$',
  maxLength: 644,
  description: 'Where the list goes on: opaque, yours alone, and good for 15 minutes.',
} as const satisfies Schema;

/** What every list is asked with. */
export const pageRequest = {
  type: 'object',
  additionalProperties: false,
  properties: { cursor, limit: { type: 'integer', minimum: 1, maximum: longestPage } },
} as const satisfies Schema;

/** What every list answers; without a cursor there is nothing more. */
export const pageOf = (items: Schema): Schema => ({
  type: 'object',
  additionalProperties: false,
  required: ['items'],
  properties: { items: { type: 'array', maxItems: longestPage, items }, cursor },
});
