import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import { asApiError } from '../../../lambdas/domain/as-api-error.ts';

test('an error of the catalogue stays itself', () => {
  const error = new ApiError('not-found');
  expect(asApiError(error)).toBe(error);
});

const named = (name: string): Error => Object.assign(new Error('219-09-9999'), { name });
const coded = (code: unknown): Error => Object.assign(new Error('219-09-9999'), { code });

test.each([
  ['a service', Object.assign(new Error(), { $metadata: {} })],
  ['a time limit', named('TimeoutError')],
  ['credentials', named('CredentialsProviderError')],
  ['a refused connection', coded('ECONNREFUSED')],
  ['the keys’ time limit', coded('ERR_JWKS_TIMEOUT')],
  ['a socket', coded('UND_ERR_SOCKET')],
])('a failure of %s is unavailable', (_name, error) => {
  expect(asApiError(error)).toMatchObject({ code: 'unavailable', cause: error });
});

test.each([
  ['a mistake', new TypeError('219-09-9999')],
  ['an argument that Node refuses', coded('ERR_INVALID_ARG_TYPE')],
  ['an argument that is no URL', coded('ERR_INVALID_URL')],
  ['a code in lower case', coded('enoent')],
  ['a code that is no text', coded(11)],
  ['a list of codes', coded(['ECONNREFUSED'])],
  ['no error', '219-09-9999'],
  ['what only looks like a failure', { name: 'TimeoutError', $metadata: {}, code: 'ECONNREFUSED' }],
])('%s is internal', (_name, error) => {
  expect(asApiError(error)).toMatchObject({ code: 'internal', cause: error });
});
