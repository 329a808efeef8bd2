import validator, { type Options } from '@middy/validator';
import { ApiError } from '../domain/api-error.ts';
import type { EventValidator } from '../generated/validators.js';
import type { ApiEvent, ChainMiddleware } from './chain.ts';

/** Checks the event by the operation's precompiled schema (requirement F1). */
export const validate = (check: EventValidator): ChainMiddleware => {
  // The option is declared as an Ajv instance, and used as the compiled function that it is.
  const { before } = validator({ eventSchema: check as unknown as NonNullable<Options['eventSchema']> });
  return {
    before: (request) => {
      try {
        before?.(request as unknown as Parameters<NonNullable<typeof before>>[0]);
      } catch (cause) {
        throw new ApiError('invalid-body', { cause });
      }
    },
  } satisfies {
    before: (request: { event: ApiEvent } & Parameters<NonNullable<ChainMiddleware['before']>>[0]) => void;
  };
};
