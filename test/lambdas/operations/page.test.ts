import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { cursorBehind, type PageRequest, pageAsked } from '../../../lambdas/operations/page.ts';
import { pageRequest } from '../../../model/operations/page.ts';
import { operationNamed, principalWith } from '../middleware/request.ts';

const now = new Date('2026-11-22T10:00:00Z');
const signIn = {
  digest: async (label: string, value: string) =>
    createHmac('sha256', 'secret').update(`${label}\n${value}`).digest('base64url'),
};
const request = (change: Partial<PageRequest> = {}): PageRequest => ({
  operation: operationNamed('auth.logout'),
  principal: principalWith('admin'),
  pathParameters: { id: 'one' },
  body: {},
  now,
  ...change,
});
const invalid = expect.objectContaining({ code: 'invalid-parameter' });
const principal = principalWith('admin');

test('a list begins at its beginning, with 25 items unless another number is asked for', async () => {
  expect(await pageAsked(request(), signIn)).toEqual({ limit: 25 });
  expect(await pageAsked(request({ body: { limit: 100 } }), signIn)).toEqual({ limit: 100 });
});

test('a cursor leads behind its position, however many are wanted there', async () => {
  const cursor = await cursorBehind(request({ body: { limit: 2 } }), 'position #1', signIn);
  expect(cursor).toMatch(new RegExp(pageRequest.properties.cursor.pattern));
  expect(await pageAsked(request({ body: { cursor, limit: 7 } }), signIn)).toEqual({
    after: 'position #1',
    limit: 7,
  });
});

test.each([
  ['another person', { principal: { ...principal, subject: '00000000-0000-4000-8000-000000000000' } }],
  ['another tenant', { principal: { ...principal, tenant: 'tenant000002' } }],
  ['another operation', { operation: operationNamed('auth.login') }],
  ['another path', { pathParameters: { id: 'two' } }],
  ['a time 15 minutes later', { now: new Date(now.getTime() + 900_000) }],
] as const)('of %s a cursor is not', async (_case, change) => {
  const cursor = await cursorBehind(request(), 'position', signIn);
  await expect(pageAsked(request({ ...change, body: { cursor } }), signIn)).rejects.toThrow(invalid);
});

test('a cursor is good for the rest of its quarter of an hour', async () => {
  const cursor = await cursorBehind(request(), 'position', signIn);
  const later = new Date(now.getTime() + 899_000);
  expect(await pageAsked(request({ now: later, body: { cursor } }), signIn)).toMatchObject({
    after: 'position',
  });
});

test('a cursor is of the same question', async () => {
  const cursor = await cursorBehind(request({ body: { role: 'nurse' } }), 'position', signIn);
  expect(await pageAsked(request({ body: { role: 'nurse', cursor } }), signIn)).toHaveProperty('after');
  await expect(pageAsked(request({ body: { role: 'admin', cursor } }), signIn)).rejects.toThrow(invalid);
});

test.each([
  ['another position', (content: string, code: string) => `${content.slice(0, -2)}AA.${code}`],
  [
    'another code',
    (content: string, code: string) => `${content}.${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`,
  ],
  ['no code', (content: string) => `${content}.`],
  ['nothing', () => ''],
])('altered to %s it is none', async (_case, alter) => {
  const [content = '', code = ''] = (await cursorBehind(request(), 'position', signIn)).split('.');
  const cursor = alter(content, code);
  await expect(pageAsked(request({ body: { cursor } }), signIn)).rejects.toThrow(invalid);
});

test('nobody has no list', async () => {
  const { principal: _principal, ...nobody } = request();
  await expect(cursorBehind(nobody, 'position', signIn)).rejects.toThrow(
    expect.objectContaining({ code: 'unauthenticated' }),
  );
});
