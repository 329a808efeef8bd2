import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AllowListFormatter, errorPlaces, log } from '../../../lambdas/ports/log.ts';

const written: string[] = [];
beforeEach(() => {
  written.length = 0;
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((line) => {
      written.push(String(line));
      return true;
    });
});
afterEach(() => vi.restoreAllMocks());

const secret = '219-09-9999 José';

const members = () => {
  const { level: _level, time: _time, message: _message, ...rest } = JSON.parse(written[0] ?? '{}');
  return rest;
};

test('a line holds ids and codes', () => {
  log().request({ requestId: 'r-1', operation: 'Patient.read', status: 200, duration: 3 });
  expect(JSON.parse(written[0] ?? '{}')).toMatchObject({ level: 'INFO', message: 'request' });
  expect(members()).toEqual({ requestId: 'r-1', operation: 'Patient.read', status: 200, duration: 3 });
});

test('a failure’s line holds what it was and where', () => {
  const line = { code: 'internal', error: 'TypeError', at: ['run.ts:1:2', 'chain.ts:3:4'] } as const;
  log().failure(line);
  expect(JSON.parse(written[0] ?? '{}')).toMatchObject({ level: 'ERROR', message: 'failure' });
  expect(members()).toEqual(line);
});

test.each([
  ['a text that is no word', secret],
  ['a list of words', ['word']],
  ['nothing', null],
])('a member in another form is dropped: %s', (_form, value) => {
  const line = Object.fromEntries(
    ['requestId', 'operation', 'status', 'duration', 'code', 'error', 'event'].map((name) => [name, value]),
  );
  log().failure({ ...line, at: [value] } as Parameters<ReturnType<typeof log>['failure']>[0]);
  expect(written).toHaveLength(1);
  expect(members()).toEqual({});
});

test('of a message that is not on the list nothing is told', () => {
  new Logger({ logFormatter: new AllowListFormatter() }).info(secret);
  expect(JSON.parse(written[0] ?? '{}')).toMatchObject({ message: 'other' });
});

test('of an error the class and the places are told, never the message', () => {
  const error = new TypeError(`${secret}\n    at ${secret}`, { cause: new Error(secret) });
  const places = errorPlaces(error);
  expect(places.error).toBe('TypeError');
  expect(places.at?.[0]).toMatch(/^log\.test\.ts:\d+:\d+$/);
  log().failure(places);
  expect(written.join()).not.toContain('219-09');
  expect(written.join()).not.toContain('José');
});

test('what is thrown without being an error is told by its type', () => {
  expect(errorPlaces(secret)).toEqual({ error: 'string' });
});
