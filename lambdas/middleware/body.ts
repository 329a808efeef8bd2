import type { Operation } from '../../model/derive/operations.ts';
import { requestSchema } from '../../model/derive/schemas.ts';
import { ApiError } from '../domain/api-error.ts';
import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts';
import type { ApiEvent, ChainMiddleware } from './chain.ts';
import { headerValues } from './chain.ts';

/** Bytes of a body (requirement F1). */
export const largestBody = 256 * 1024;
const limits = { depth: 16, items: 100 };
const json = /^application\/json(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const decoded = (encoded: string): string => {
  if (!base64.test(encoded)) throw new ApiError('malformed-body');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch (cause) {
    throw new ApiError('malformed-body', { cause });
  }
};

const textOf = ({ body, isBase64Encoded }: ApiEvent): string => {
  if (body === null || body === undefined || body === '') return '';
  if (typeof body !== 'string') throw new ApiError('malformed-body');
  const bytes = isBase64Encoded ? Math.floor((body.length * 3) / 4) - 2 : Buffer.byteLength(body);
  if (bytes > largestBody) throw new ApiError('too-large');
  return isBase64Encoded ? decoded(body) : body;
};

/**
 * Replaces the event's body by its strictly parsed and canonicalized content; an operation without a request body accepts
 * none.
 */
export const body = (operation: Operation): ChainMiddleware => {
  const takesBody = requestSchema(operation) !== undefined;
  return {
    before: ({ event }) => {
      const text = textOf(event);
      event.body = undefined;
      if (!takesBody && text === '') return;
      const [type, another] = headerValues(event, 'content-type');
      if (!takesBody || text === '') throw new ApiError('malformed-body');
      if (type === undefined || another !== undefined || !json.test(type))
        throw new ApiError('unsupported-media-type');
      try {
        event.body = parseStrictJson(text, limits);
      } catch (cause) {
        if (cause instanceof StrictJsonError) throw new ApiError('malformed-body', { cause });
        throw cause;
      }
    },
  };
};
