import { problems, problemType } from '../../model/problems.ts';
import { securityHeaders } from '../../model/security-headers.ts';
import type { ApiError } from '../domain/api-error.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { ApiAnswer, ChainMiddleware } from './chain.ts';

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
