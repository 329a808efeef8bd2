import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { ProblemCode } from '../../model/problems.ts';
import { problems, problemType } from '../../model/problems.ts';
import { securityHeaders } from '../../model/security-headers.ts';

/** Which problem of the catalogue each of the gateway's own answers is. */
export const gatewayProblems: readonly (readonly [ResponseType, ProblemCode])[] = [
  [ResponseType.ACCESS_DENIED, 'not-permitted'],
  [ResponseType.API_CONFIGURATION_ERROR, 'internal'],
  [ResponseType.AUTHORIZER_CONFIGURATION_ERROR, 'internal'],
  [ResponseType.AUTHORIZER_FAILURE, 'internal'],
  [ResponseType.BAD_REQUEST_BODY, 'invalid-body'],
  [ResponseType.BAD_REQUEST_PARAMETERS, 'invalid-parameter'],
  [ResponseType.DEFAULT_4XX, 'invalid-parameter'],
  [ResponseType.DEFAULT_5XX, 'internal'],
  [ResponseType.EXPIRED_TOKEN, 'unauthenticated'],
  [ResponseType.INTEGRATION_FAILURE, 'unavailable'],
  [ResponseType.INTEGRATION_TIMEOUT, 'unavailable'],
  [ResponseType.INVALID_API_KEY, 'unauthenticated'],
  [ResponseType.INVALID_SIGNATURE, 'unauthenticated'],
  // What API Gateway answers for a route that it does not have.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, 'unknown-route'],
  [ResponseType.QUOTA_EXCEEDED, 'rate-limited'],
  [ResponseType.REQUEST_TOO_LARGE, 'too-large'],
  [ResponseType.RESOURCE_NOT_FOUND, 'unknown-route'],
  [ResponseType.THROTTLED, 'rate-limited'],
  [ResponseType.UNAUTHORIZED, 'unauthenticated'],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, 'unsupported-media-type'],
  [ResponseType.WAF_FILTERED, 'refused'],
];

/** A fixed value: API Gateway takes off the outer quotes and nothing else. */
const quoted = (value: string): string => `'${value}'`;

const headersOf = (code: ProblemCode): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(securityHeaders).map(([name, value]) => [name, quoted(value)])),
  'Content-Type': quoted('application/problem+json'),
  'x-request-id': 'context.requestId',
  ...(code === 'rate-limited' && { 'retry-after': quoted('1') }),
  ...(code === 'unauthenticated' && { 'www-authenticate': quoted('Bearer') }),
});

/** Makes the gateway's own answers RFC 9457 problems of the catalogue, which say nothing of the request but its id. */
export const addProblemResponses = (api: RestApi): void => {
  for (const [type, code] of gatewayProblems) {
    const { status, title } = problems[code];
    const problem = { type: problemType(code), title, status, code, requestId: '$context.requestId' };
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode: String(status),
      responseHeaders: headersOf(code),
      templates: { 'application/json': JSON.stringify(problem) },
    });
  }
};
