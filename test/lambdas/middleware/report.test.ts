import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import { report } from '../../../lambdas/middleware/report.ts';
import type { LogLine } from '../../../lambdas/ports/log.ts';
import { passing, runHook } from './request.ts';

const logged = async (hook: 'after' | 'onError', change: object) => {
  const lines: [string, LogLine][] = [];
  const log = {
    request: (line: LogLine) => lines.push(['request', line]),
    failure: (line: LogLine) => lines.push(['failure', line]),
    warn: () => {},
  };
  await runHook(report(log), hook, Object.assign(passing('Patient.read'), change));
  return lines;
};
const line = { requestId: expect.any(String), operation: 'Patient.read', duration: expect.any(Number) };

test('an answer leaves one line: ids, status, duration', async () => {
  const response = { statusCode: 200, headers: {}, body: '219-09-9999' };
  expect(await logged('after', { response })).toEqual([['request', { ...line, status: 200 }]]);
});

test('a refusal leaves one line with its code', async () => {
  const error = new ApiError('not-found', { cause: new Error('219-09-9999') });
  expect(await logged('onError', { error })).toEqual([
    ['request', { ...line, status: 404, code: 'not-found' }],
  ]);
});

test('a failure leaves one line with places, and no message', async () => {
  const [entry] = await logged('onError', { error: new TypeError('219-09-9999') });
  expect(entry).toEqual([
    'failure',
    { ...line, status: 500, code: 'internal', error: 'TypeError', at: expect.any(Array) },
  ]);
  expect(JSON.stringify(entry)).not.toContain('219-09');
});
