import { problems, problemType } from '../../model/problems.ts';
import type { ApiError } from '../domain/api-error.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { ApiAnswer, ChainMiddleware } from './chain.ts';

/** The headers of every answer, errors included (requirements D1, F2). */
export const securityHeaders: { readonly [name: string]: string } = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains; preload',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** An error as an answer (RFC 9457): from the fixed catalogue and the request id, and nothing else. */
export const problemAnswer = ({ code, headers }: ApiError, requestId: string): ApiAnswer => {
  const { status, title } = problems[code];
  return {
    statusCode: status,
    headers: {
      ...headers,
      ...securityHeaders,
      ...(code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
      'content-type': 'application/problem+json',
      'x-request-id': requestId,
    },
    body: JSON.stringify({ type: problemType(code), title, status, code, requestId }),
  };
};

/** Turns any error into an answer from the catalogue, and gives every answer its security headers. */
export const problem = (): ChainMiddleware => ({
  after: (request) => {
    const { response, context } = request;
    if (!response) throw new TypeError('an operation gave no answer');
    request.response = {
      ...response,
      headers: { ...response.headers, ...securityHeaders, 'x-request-id': context.chain.requestId },
    };
  },
  onError: (request) => {
    request.response = problemAnswer(asApiError(request.error), request.context.chain.requestId);
  },
});
