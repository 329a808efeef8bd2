import type { AuditEventType } from './audit-event-types.ts';

/**
 * Every error that the API answers (RFC 9457): HTTP status, fixed title, and the audit entry that it leaves.
 * A title never holds anything of the request.
 */
export const problems = {
  'malformed-body': {
    status: 400,
    title: 'The body is not well-formed JSON that this API accepts.',
    event: 'REQUEST_REJECTED',
  },
  'invalid-body': {
    status: 400,
    title: 'The body does not match the operation’s schema.',
    event: 'REQUEST_REJECTED',
  },
  'invalid-parameter': {
    status: 400,
    title: 'A path or query parameter or header is unknown, repeated or malformed.',
    event: 'REQUEST_REJECTED',
  },
  'phi-in-url': {
    status: 400,
    title: 'Query parameters never carry health information; search by POST to _search.',
    event: 'REQUEST_REJECTED',
  },
  unauthenticated: {
    status: 401,
    title: 'A valid access token of a live session, with the scope of this operation, is required.',
    event: 'AUTHENTICATION_FAILURE',
  },
  'invalid-credentials': {
    status: 401,
    title: 'The credentials are not valid.',
    event: 'AUTHENTICATION_FAILURE',
  },
  'invalid-challenge': {
    status: 401,
    title: 'The challenge is unknown, used or expired, or its answer is not valid.',
    event: 'AUTHENTICATION_FAILURE',
  },
  'step-up-required': {
    status: 401,
    title: 'This needs an authentication of the last five minutes; step up at /identity/v1/auth/step-up.',
    event: 'AUTHENTICATION_FAILURE',
  },
  'weak-password': {
    status: 400,
    title: 'The new password does not meet the policy; sign in again and choose another one.',
    event: 'AUTHENTICATION_FAILURE',
  },
  'training-required': {
    status: 422,
    title: 'A role with access to health information needs a training record of the last year.',
    event: 'REQUEST_REJECTED',
  },
  'not-permitted': {
    status: 403,
    title: 'Your role, scope or purpose of use does not permit this.',
    event: 'AUTHORIZATION_DENIED',
  },
  'field-not-permitted': {
    status: 403,
    title: 'A field was named that your role may not read or write for this purpose.',
    event: 'AUTHORIZATION_DENIED',
  },
  refused: {
    status: 403,
    title: 'The request was refused before it was read.',
    event: 'REQUEST_REJECTED',
  },
  'not-found': {
    status: 404,
    title: 'There is no such record, or it is not yours to see.',
    event: 'UNAUTHORIZED_ACCESS_ATTEMPT',
  },
  'unknown-route': { status: 404, title: 'There is no such operation.', event: 'REQUEST_REJECTED' },
  conflict: {
    status: 409,
    title: 'Another change came first; read the record again.',
    event: 'REQUEST_REJECTED',
  },
  'version-mismatch': {
    status: 412,
    title: 'If-Match does not name the current version.',
    event: 'REQUEST_REJECTED',
  },
  'too-large': {
    status: 413,
    title: 'The body is larger than this operation accepts.',
    event: 'REQUEST_REJECTED',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Send application/json in UTF-8.',
    event: 'REQUEST_REJECTED',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'This Idempotency-Key was used with another request.',
    event: 'REQUEST_REJECTED',
  },
  'precondition-required': {
    status: 428,
    title: 'Updates need If-Match with the version that you read.',
    event: 'REQUEST_REJECTED',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests; wait as long as Retry-After says.',
    event: 'RATE_LIMIT_EXCEEDED',
  },
  'integrity-failure': { status: 500, title: 'The request cannot be answered.', event: 'SECURITY' },
  internal: { status: 500, title: 'The request cannot be answered.', event: 'SERVICE_FAILURE' },
  unavailable: {
    status: 503,
    title: 'A part of the platform is not available; try again later.',
    event: 'SERVICE_FAILURE',
  },
} as const satisfies Record<
  string,
  { readonly status: number; readonly title: string; readonly event: AuditEventType }
>;

/** The stable code of a problem. */
export type ProblemCode = keyof typeof problems;

/** The URI of a problem's type. */
export const problemType = (code: ProblemCode): string => `https://chartlock.dev/problems/${code}`;
