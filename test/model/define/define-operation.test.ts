import { describe, expect, it } from 'vitest';
import type { NamedOperation } from '../../../model/define/define-operation.ts';
import { defineOperation } from '../../../model/define/define-operation.ts';
import { namedOperations } from '../../../model/operations/index.ts';

const body = { type: 'object', additionalProperties: false, properties: {} } as const;
const sound: NamedOperation = {
  id: 'keys.rotate',
  description: 'Rotate the keys.',
  capability: 'identity',
  method: 'POST',
  path: '/keys/{id}/rotate-now',
  parameters: { id: 'id' },
  allows: ['admin'],
  request: body,
  example: {},
  response: body,
  status: 200,
  event: 'CONFIGURATION_CHANGE',
};

it('a sound operation is returned as it is', () => {
  expect(defineOperation(sound)).toBe(sound);
});

it('a path may end in a search', () => {
  expect(() => defineOperation({ ...sound, path: '/keys/{id}/_search' })).not.toThrow();
  expect(() => defineOperation({ ...sound, path: '/keys/_search/{id}' })).toThrow('lower-case words');
});

it('does not compile with an unknown role or event', () => {
  // @ts-expect-error janitor is no role
  defineOperation({ ...sound, allows: ['janitor'] });
  // @ts-expect-error every event is in the catalogue
  defineOperation({ ...sound, event: 'SOMETHING' });
});

describe('a contradictory operation is refused with a sentence', () => {
  const { request: _request, ...withoutRequest } = sound;
  const { example: _example, ...withoutExample } = sound;
  it.each<[string, NamedOperation]>([
    ['the id must be <noun>.<verb>', { ...sound, id: 'rotate' }],
    ['the path must be lower-case words', { ...sound, path: '/Keys' }],
    ['the path must be lower-case words', { ...sound, path: '/keys/{proxy+}' }],
    ['every parameter in the path has a form', { ...sound, parameters: {} }],
    ['every parameter in the path has a form', { ...sound, path: '/keys' }],
    ['what is before sign-in cannot need', { ...sound, allows: 'public', sensitive: true }],
    ['a GET has no body', { ...sound, method: 'GET' }],
    ['a request has an example, and only a request', withoutRequest],
    ['a request has an example, and only a request', withoutExample],
    ['status 204 has no body', { ...sound, status: 204 }],
    ['the roles must be named, each once', { ...sound, allows: [] }],
    ['the roles must be named, each once', { ...sound, allows: ['admin', 'admin'] }],
  ])('%s', (sentence, operation) => {
    expect(() => defineOperation(operation)).toThrow(`operation ${operation.id}: ${sentence}`);
  });
});

it('no operation but those of sign-in is public', () => {
  const open = namedOperations.filter(({ allows }) => allows === 'public');
  expect(open.map(({ id }) => id.split('.')[0])).toEqual(open.map(() => 'auth'));
});
