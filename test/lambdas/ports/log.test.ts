import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { errorPlaces, log } from '../../../lambdas/ports/log.ts';

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

test('a line holds ids and codes', () => {
  log().request({ requestId: 'r-1', operation: 'Patient.read', status: 200, duration: 3 });
  expect(JSON.parse(written[0] ?? '{}')).toMatchObject({
    level: 'INFO',
    message: 'request',
    requestId: 'r-1',
    operation: 'Patient.read',
    status: 200,
    duration: 3,
  });
});

test('what is not on the list, or not in its form, is dropped', () => {
  const line = {
    requestId: secret,
    operation: secret,
    error: secret,
    at: [secret],
    event: secret,
    status: secret,
  };
  log().failure(line as unknown as Parameters<ReturnType<typeof log>['failure']>[0]);
  expect(written).toHaveLength(1);
  expect(written[0]).not.toContain('219-09');
  expect(Object.keys(JSON.parse(written[0] ?? '{}')).sort()).toEqual(['level', 'message', 'time']);
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
