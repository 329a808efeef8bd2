import { isIP } from 'node:net';

/** The address that API Gateway saw, if it is one. */
export const cleanAddress = (address: unknown): string =>
  typeof address === 'string' && isIP(address) > 0 ? address : 'unknown';

/**
 * The product tokens of a User-Agent header (RFC 9110 §10.1.5), six at most: what identifies software. Free text and
 * comments, in which anything could be, are dropped, and so are versions that could be numbers of a person.
 */
export const cleanUserAgent = (header: unknown): string =>
  typeof header === 'string'
    ? (
        header
          .slice(0, 512)
          .match(/\b[A-Za-z][A-Za-z._-]{0,23}\/[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}(?![\w.])/g) ?? []
      )
        .slice(0, 6)
        .join(' ')
    : '';
