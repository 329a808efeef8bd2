import { expect, test } from 'vitest';
import { body, largestBody } from '../../../lambdas/middleware/body.ts';
import type { ApiEvent } from '../../../lambdas/middleware/chain.ts';
import { operationNamed, passing, runHook } from './request.ts';

const json = { 'content-type': ['application/json'] };
const ask = async (event: Partial<ApiEvent>, operation = 'Patient.create'): Promise<unknown> => {
  const request = passing(operation, { multiValueHeaders: json, ...event });
  await runHook(body(operationNamed(operation)), 'before', request);
  return request.event.body;
};
const refused = (code: string) => expect.objectContaining({ code });
const base64 = (bytes: string | Uint8Array): Partial<ApiEvent> => ({
  body: Buffer.from(bytes as string).toString('base64'),
  isBase64Encoded: true,
});

test.each([
  ['as text', { body: '{"mrn":"A"}' }],
  ['as base64', base64('{"mrn":"A"}')],
  [
    'with its charset',
    { body: '{"mrn":"A"}', multiValueHeaders: { 'Content-Type': ['application/json; charset=UTF-8'] } },
  ],
])('JSON is parsed: %s', async (_name, event) => {
  expect(await ask(event)).toEqual({ mrn: 'A' });
});

test.each([
  ['nothing', { body: '' }],
  ['null', { body: null }],
  ['undefined', { body: undefined }],
  ['what is parsed already', { body: { mrn: 'A' } }],
  ['no JSON', { body: '{' }],
  ['17 levels', { body: `${'['.repeat(17)}${']'.repeat(17)}` }],
  ['a long list', { body: `[${'1,'.repeat(100)}1]` }],
  ['bad base64', { body: 'not base64!', isBase64Encoded: true }],
  ['base64 with something before it', { body: '!e30=', isBase64Encoded: true }],
  ['nothing, of no type', { body: '', multiValueHeaders: {} }],
  ['bad UTF-8', base64(Buffer.of(0x22, 0xff, 0x22))],
])('%s is a malformed body', async (_name, event) => {
  await expect(ask(event)).rejects.toThrow(refused('malformed-body'));
});

test('a body of 256 KB is the largest', async () => {
  const text = (length: number): string => `"${'é'.repeat((length - 2) / 2)}"`;
  expect(await ask({ body: text(largestBody) })).toHaveLength((largestBody - 2) / 2);
  expect(await ask(base64(text(largestBody)))).toHaveLength((largestBody - 2) / 2);
  await expect(ask({ body: text(largestBody + 2) })).rejects.toThrow(refused('too-large'));
  await expect(ask(base64(' '.repeat(largestBody + 3)))).rejects.toThrow(refused('too-large'));
});

test.each([
  ['no type', {}],
  ['another type', { 'content-type': ['text/plain'] }],
  ['another charset', { 'content-type': ['application/json; charset=latin1'] }],
  ['two types', { 'content-type': ['application/json', 'application/json'] }],
])('%s is not supported', async (_name, multiValueHeaders) => {
  await expect(ask({ body: '{}', multiValueHeaders })).rejects.toThrow(refused('unsupported-media-type'));
});

test('an operation without a body accepts none', async () => {
  expect(await ask({ body: null, multiValueHeaders: {} }, 'Patient.read')).toBeUndefined();
  expect(await ask({ body: undefined, multiValueHeaders: {} }, 'Patient.read')).toBeUndefined();
  await expect(ask({ body: '{}' }, 'Patient.read')).rejects.toThrow(refused('malformed-body'));
  await expect(ask({ body: '{}' }, 'auth.logout')).rejects.toThrow(refused('malformed-body'));
});

test('what is no UTF-8 says so to a debugger', async () => {
  await expect(ask(base64(Buffer.of(0x22, 0xff, 0x22)))).rejects.toThrow(
    expect.objectContaining({
      cause: expect.objectContaining({ code: 'ERR_ENCODING_INVALID_ENCODED_DATA' }),
    }),
  );
});
