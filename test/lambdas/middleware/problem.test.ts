import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import { problem } from '../../../lambdas/middleware/problem.ts';
import { missingHeaders } from '../answers.ts';
import { passing, runHook } from './request.ts';

const failed = async (error: unknown) => {
  const request = Object.assign(passing('Patient.read'), { error });
  await runHook(problem(), 'onError', request as ReturnType<typeof passing>);
  return request.response;
};

test('an answer gets the security headers, and keeps its own', async () => {
  const request = passing('Patient.read');
  request.response = { statusCode: 200, headers: { etag: '"1"', 'cache-control': 'public' }, body: '{}' };
  await runHook(problem(), 'after', request);
  expect(request.response).toMatchObject({ statusCode: 200, body: '{}' });
  expect(request.response.headers.etag).toBe('"1"');
  expect(missingHeaders(request.response.headers)).toEqual([]);
});

test('no answer is a mistake', async () => {
  await expect(runHook(problem(), 'after', passing('Patient.read'))).rejects.toThrow('no answer');
});

test('an error is answered from the catalogue, with its headers', async () => {
  const answer = await failed(new ApiError('rate-limited', { headers: { 'retry-after': '7' } }));
  expect(answer?.statusCode).toBe(429);
  expect(answer?.headers).toMatchObject({ 'retry-after': '7', 'content-type': 'application/problem+json' });
  expect(answer?.headers).not.toHaveProperty('www-authenticate');
  expect(missingHeaders(answer?.headers ?? {})).toEqual([]);
  expect((await failed(new ApiError('unauthenticated')))?.headers['www-authenticate']).toBe('Bearer');
});

test('an unknown error is not told', async () => {
  const answer = await failed(new TypeError('219-09-9999'));
  expect(answer?.statusCode).toBe(500);
  expect(answer?.body).not.toContain('219-09');
});
