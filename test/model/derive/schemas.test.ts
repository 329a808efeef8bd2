import type { AnySchema } from 'ajv';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../model/define/formats.ts';
import { operations } from '../../../model/derive/operations.ts';
import {
  createSchema,
  disclosedSchema,
  recordSchema,
  requestSchema,
  responseSchema,
  searchParameters,
  searchSchema,
  updateSchema,
} from '../../../model/derive/schemas.ts';
import { patient } from '../../../model/resources/patient.ts';
import { resources } from '../../../model/resources.ts';
import { strictAjv } from '../../../scripts/generation/validators.ts';
import { openEnds } from '../open-ends.ts';

const all = operations.flatMap((operation) =>
  [requestSchema(operation), responseSchema(operation)]
    .filter((schema) => schema !== undefined)
    .map((schema, position) => ({ name: `${operation.id} ${position}`, schema })),
);

describe('every schema of every operation', () => {
  it('exists for each operation with a body', () => {
    expect(all.length).toBeGreaterThan(operations.length);
  });

  it.each(all)('$name is closed and bounded', ({ schema }) => {
    expect(openEnds(schema)).toEqual([]);
  });

  it.each(all)('$name is accepted by Ajv in strict mode', ({ schema }) => {
    expect(() => strictAjv().compile(schema as AnySchema)).not.toThrow();
  });

  it('names only formats that are ours', () => {
    const named = [...JSON.stringify(all).matchAll(/"format":"([^"]+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !Object.hasOwn(formats, name as string))).toEqual([]);
  });
});

describe('every pattern', () => {
  const patterns = [
    ...new Set(
      [...JSON.stringify(all).matchAll(/"pattern":("(?:[^"\\\\]|\\\\.)*")/g)].map(
        ([, one = '""']) => JSON.parse(one) as string,
      ),
    ),
  ];
  const isUnbounded = /[*+]|\{\d+,\}/;
  const groups = (pattern: string) => [
    ...pattern.replace(/\[(?:[^\]\\]|\\.)*\]/g, '_').matchAll(/\(([^()]*)\)([*+]|\{\d+,)/g),
  ];
  const nests = (pattern: string) => groups(pattern).some(([, inner = '']) => isUnbounded.test(inner));

  it('is anchored at both ends', () => {
    expect(patterns.length).toBeGreaterThan(5);
    expect(patterns.filter((pattern) => !pattern.startsWith('^') || !pattern.endsWith('$'))).toEqual([]);
  });
  it('takes time in proportion to the text: no repetition repeats a repetition', () => {
    expect(patterns.filter(nests)).toEqual([]);
    expect(['^(a+)+$', '^(a*b)*$', '^([a-z]+){2,}$'].every(nests)).toBe(true);
  });
});

describe('what counts as an open end', () => {
  it.each<[string, object]>([
    ['a string without maxLength', { type: 'string' }],
    ['an array without maxItems', { type: 'array', items: { const: 1 } }],
    ['an array of anything', { type: 'array', maxItems: 2 }],
    ['an open object', { type: 'object', properties: {} }],
    [
      'an object with open additional properties',
      { type: 'object', additionalProperties: true, properties: {} },
    ],
    ['a number without bounds', { type: 'number', minimum: 0 }],
    ['an integer without bounds', { type: 'integer', maximum: 0 }],
    ['anything', {}],
    [
      'an open property',
      { type: 'object', additionalProperties: false, properties: { a: { type: 'string' } } },
    ],
    ['an open element', { type: 'array', maxItems: 1, items: { type: 'string' } }],
    ['an open alternative', { oneOf: [{ const: 1 }, { type: 'string' }] }],
    ['an object beside its alternatives', { type: 'object', oneOf: [{ properties: {} }] }],
    ['a list of types', { type: ['string', 'null'], maxLength: 3 }],
  ])('%s', (_name, schema) => {
    expect(openEnds(schema)).not.toEqual([]);
  });
});

describe.each(resources.map((resource) => ({ name: resource.name, resource })))('$name', ({ resource }) => {
  const names = (schema: { readonly properties: object }) => Object.keys(schema.properties);
  const setBy = (kind: string) =>
    Object.entries(resource.fields)
      .filter(([, { options }]) => (options.setBy ?? 'caller') === kind)
      .map(([name]) => name);

  it('is created with every field but the server’s', () => {
    expect(names(createSchema(resource)).sort()).toEqual([...setBy('caller'), ...setBy('creator')].sort());
  });

  it('is updated by what the caller sets, none of it required by the schema', () => {
    expect(names(updateSchema(resource))).toEqual(setBy('caller'));
    expect(updateSchema(resource)).not.toHaveProperty('required');
  });

  it('has every field in its record, required unless optional', () => {
    expect(names(recordSchema(resource))).toEqual(Object.keys(resource.fields));
    expect(recordSchema(resource).required).toEqual(
      Object.entries(resource.fields)
        .filter(([, { options }]) => options.presence !== 'optional')
        .map(([name]) => name),
    );
    expect(disclosedSchema(resource)).not.toHaveProperty('required');
  });

  it('is searched by exactly its patient and its indexes', () => {
    const sets = searchParameters(resource).map((schema) => names(schema));
    expect(sets).toHaveLength(
      (resource.subject === 'patient' ? 1 : 0) + Object.keys(resource.indexes ?? {}).length,
    );
    for (const schema of searchParameters(resource)) expect(schema.required).toEqual(names(schema));
  });
});

it('a search takes one parameter set, not a mixture', () => {
  const valid = strictAjv().compile(searchSchema(patient));
  expect(valid({ where: { mrn: 'SYN-1' } })).toBe(true);
  expect(valid({ where: { family: 'Ng', birthDate: '1984-02-29' }, fields: ['id', 'name'] })).toBe(true);
  expect(valid({ where: { system: 'urn:x', value: '7' } })).toBe(true);
  expect(valid({ where: {} })).toBe(false);
  expect(valid({})).toBe(false);
  expect(valid({ where: { family: 'Ng' } })).toBe(false);
  expect(valid({ where: { mrn: 'SYN-1', ssn: '219-09-9999' } })).toBe(false);
  expect(valid({ where: { mrn: 'SYN-1' }, fields: ['nope'] })).toBe(false);
  expect(valid({ where: { mrn: 'SYN-1' }, fields: ['id', 'id'] })).toBe(false);
  expect(valid({ where: { mrn: 'SYN-1' }, fields: [] })).toBe(false);
  expect(valid({ where: { mrn: 'SYN-1' }, sort: 'name' })).toBe(false);
});
