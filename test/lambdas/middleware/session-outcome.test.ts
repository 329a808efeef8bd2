import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import { session } from '../../../lambdas/middleware/session.ts';
import { passing, runHook } from './request.ts';

test('whatever else is wrong, a session that is over is what is told', async () => {
  const over = Promise.reject(new ApiError('unauthenticated'));
  over.catch(() => {});
  const request = Object.assign(passing('Patient.read', {}, { session: over }), {
    error: new ApiError('malformed-body'),
  });
  await runHook(session(), 'onError', request);
  expect(request.error).toMatchObject({ code: 'unauthenticated' });
});

test('a live session leaves the error as it is', async () => {
  const error = new ApiError('malformed-body');
  for (const change of [{}, { session: Promise.resolve() }]) {
    const request = Object.assign(passing('Patient.read', {}, change), { error });
    await runHook(session(), 'onError', request);
    expect(request.error).toBe(error);
  }
});
