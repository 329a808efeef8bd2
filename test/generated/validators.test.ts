import { join } from 'node:path';
import middy from '@middy/core';
import validator from '@middy/validator';
import type { AnySchema } from 'ajv';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clinicalValidators, identityValidators } from '../../lambdas/generated/validators.js';
import { operations } from '../../model/derive/operations.ts';
import { eventSchema, requestSchema, updateSchema } from '../../model/derive/schemas.ts';
import { patient } from '../../model/resources/patient.ts';
import { vital } from '../../model/resources/vital.ts';
import { resources } from '../../model/resources.ts';
import type { Capability } from '../../model/vocabulary.ts';
import { strictAjv } from '../../scripts/generation/validators.ts';

const validators = { ...clinicalValidators, ...identityValidators };
const isValid = (id: string, body: unknown): boolean => validators[id as keyof typeof validators]({ body });
const creates = (change: object): boolean => isValid('Patient.create', { ...patient.example, ...change });
const named = (family: unknown, given: unknown = ['A']): boolean => creates({ name: { family, given } });

it('there is one for each operation, beside those of its capability', () => {
  const of = (capability: Capability) =>
    operations.filter((operation) => operation.capability === capability).map(({ id }) => id);
  expect(Object.keys(clinicalValidators).sort()).toEqual(of('clinical').sort());
  expect(Object.keys(identityValidators).sort()).toEqual(of('identity').sort());
});

it.each(resources)('the example of $name creates one, and less than it updates one', (resource) => {
  expect(isValid(`${resource.name}.create`, resource.example)).toBe(true);
  const changeable = Object.keys(updateSchema(resource).properties);
  const update = Object.fromEntries(
    Object.entries(resource.example).filter(([name]) => changeable.includes(name)),
  );
  if (operations.some(({ id }) => id === `${resource.name}.update`))
    expect(isValid(`${resource.name}.update`, update)).toBe(true);
});

it.each(resources)(
  'a $name without one of its required fields is refused, without an optional one is not',
  (resource) => {
    for (const name of Object.keys(resource.example)) {
      const { [name]: _left, ...rest } = resource.example;
      expect(isValid(`${resource.name}.create`, rest)).toBe(
        resource.fields[name]?.options.presence === 'optional',
      );
    }
  },
);

it.each(resources)('a $name with what the server sets, or what nobody declared, is refused', (resource) => {
  for (const name of ['id', 'nope', 'constructor', 'toString'])
    expect(isValid(`${resource.name}.create`, { ...resource.example, [name]: 'x' })).toBe(false);
  const hostile = JSON.parse(`{"__proto__":{"id":"x"},${JSON.stringify(resource.example).slice(1)}`);
  expect(isValid(`${resource.name}.create`, hostile)).toBe(false);
});

describe('names', () => {
  it.each([
    'José',
    "O'Brien",
    'O’Brien',
    '李',
    'Nguyễn',
    'Anne-Marie',
    'van der Berg',
    'Jr.',
    'محمد',
    'Zoë',
    'e\u0301',
    'Ng',
  ])('accept %s', (name) => {
    expect(named(name)).toBe(true);
    expect(named('A', [name])).toBe(true);
  });
  it.each<[string, unknown]>([
    ['nothing', ''],
    ['a space', ' '],
    ['markup', '<b>A</b>'],
    ['a number', 7],
    ['null', null],
    ['a line break', 'A\nB'],
    ['a control character', 'A\u0000'],
    ['half a surrogate pair', 'A\ud800'],
    ['a change of direction', 'A\u202eB'],
    ['an emoji', '🙂'],
    ['101 characters', 'a'.repeat(101)],
  ])('refuse %s', (_what, name) => {
    expect(named(name)).toBe(false);
    expect(named('A', [name])).toBe(false);
  });
  it('count characters, not code units', () => {
    expect(named('𠮷'.repeat(100))).toBe(true);
    expect(named('𠮷'.repeat(101))).toBe(false);
  });
});

describe('a patient is refused with', () => {
  it.each<[string, object]>([
    ['a birth date in the future', { birthDate: '2999-01-01' }],
    ['a birth date that is none', { birthDate: '1984-02-30' }],
    ['a social security number of nobody', { ssn: '000-12-3456' }],
    ['a social security number with letters', { ssn: '219-09-999X' }],
    ['a social security number with other digits', { ssn: '٢19-09-9999' }],
    ['an e-mail address without host', { email: 'jose' }],
    ['an unknown gender', { gender: 'F' }],
    ['an array for a text', { mrn: ['SYN-1'] }],
    ['no given name', { name: { family: 'A', given: [] } }],
    ['eleven given names', { name: { family: 'A', given: Array(11).fill('A') } }],
    ['a third kind of name', { name: { family: 'A', given: ['A'], maiden: 'B' } }],
    ['21 identifiers', { identifier: Array(21).fill({ system: 'urn:x', value: '1' }) }],
  ])('%s', (_what, change) => {
    expect(creates({})).toBe(true);
    expect(creates(change)).toBe(false);
  });
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e7, '72', null])('a vital sign of %s is refused', (value) => {
  const measured = { ...vital.example, valueQuantity: { value, code: '/min' } };
  expect(isValid('Vital.create', measured)).toBe(false);
});

it('an operation without a body accepts none', () => {
  for (const operation of operations.filter((one) => requestSchema(one) === undefined)) {
    const valid = validators[operation.id as keyof typeof validators];
    expect([valid({}), valid({ body: null })]).toEqual([true, true]);
    expect([valid({ body: {} }), valid({ body: '' }), valid({ body: [] })]).toEqual([false, false, false]);
  }
});

it('an operation with a body accepts nothing else', () => {
  for (const operation of operations.filter((one) => requestSchema(one) !== undefined)) {
    const valid = validators[operation.id as keyof typeof validators];
    for (const event of [{}, { body: undefined }, { body: null }, { body: [] }, { body: '{}' }, { body: 1 }])
      expect(valid(event)).toBe(false);
  }
});

describe('the precompiled verdict is Ajv’s own', () => {
  const values = fc.oneof(
    fc.constantFrom<unknown>(...resources.map(({ example }) => example), null, {}, [], '', 0, -0, true),
    fc.constantFrom('1984-02-29', '2026-01-05T08:30:00Z', 'a@b.co', '219-09-9999', 'id', 'patient', 'SYN-1'),
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const pathsOf = (value: unknown): (readonly string[])[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => [
          [key],
          ...pathsOf(inner).map((path) => [key, ...path]),
        ])
      : [];
  const replaced = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
    if (key === undefined) return by;
    if (Array.isArray(value))
      return value.map((inner, position) => (String(position) === key ? replaced(inner, rest, by) : inner));
    const object = { ...(value as Record<string, unknown>) };
    if (by === undefined && rest.length === 0) delete object[key];
    else object[key] = replaced(object[key], rest, by);
    return object;
  };
  const examples = (id: string): unknown[] => [
    ...resources.filter(({ name }) => id.startsWith(`${name}.`)).map(({ example }) => example),
    { where: { mrn: 'SYN-1' }, fields: ['id', 'name'] },
    { where: { family: 'A', birthDate: '1984-02-29' } },
    { where: { patient: '01JD0000000000000000000000' } },
    ...operations.flatMap((operation) =>
      operation.kind === 'named' && operation.id === id ? [operation.definition.example ?? {}] : [],
    ),
    { email: 'a@b.co', password: 'x' },
    { email: 'a@b.co', role: 'nurse' },
    { email: 'a@b.co', role: 'patient', patient: '01JD0000000000000000000000' },
    { challenge: 'MFA_SETUP', session: 'a'.repeat(43), code: '123456' },
    { challenge: 'NEW_PASSWORD_REQUIRED', session: 'a'.repeat(43), newPassword: 'x' },
    { refreshToken: 'a'.repeat(43) },
  ];

  it.each(operations)('$id', (operation) => {
    const own = strictAjv().compile(eventSchema(operation) as AnySchema);
    const bodies = fc
      .constantFrom(...examples(operation.id))
      .chain((example) =>
        fc
          .tuple(
            fc.constantFrom<readonly string[]>([], ['nope'], ...pathsOf(example)),
            fc.option(values, { nil: undefined }),
          )
          .map(([path, by]) => replaced(example, path, by)),
      );
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(bodies, (body) => {
        const verdict = own({ body }) === true;
        seen.add(verdict);
        expect(isValid(operation.id, body)).toBe(verdict);
      }),
      { numRuns: 300, examples: examples(operation.id).map((example): [unknown] => [example]) },
    );
    if (requestSchema(operation)) expect(seen).toEqual(new Set([true, false]));
  });
});

it('keeps nothing of the input', () => {
  const marked = { MARKED: 'MARKED', ...patient.example, name: { MARKED: 'MARKED' } };
  expect(isValid('Patient.create', marked)).toBe(false);
  expect(Object.keys(validators['Patient.create'])).toEqual([]);
});

it('works as an eventSchema of Middy’s validator', async () => {
  const eventSchemaOption = validators['Patient.create'] as unknown as NonNullable<
    NonNullable<Parameters<typeof validator>[0]>['eventSchema']
  >;
  const handler = middy()
    .use(validator({ eventSchema: eventSchemaOption }))
    .handler(async () => 'reached');
  const call = (body: unknown) => handler({ body }, {} as never);
  await expect(call(patient.example)).resolves.toBe('reached');
  await expect(call({ ...patient.example, mrn: '' })).rejects.toMatchObject({ statusCode: 400 });
});

it('bundles without the compiler', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const { metafile } = await build({
    entryPoints: [join(root, 'lambdas/generated/validators.js')],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs).map((path) => path.replace(/^.*node_modules/, 'node_modules'));
  expect(inputs.sort()).toEqual([
    'lambdas/generated/validators.js',
    'model/define/formats.ts',
    'node_modules/ajv/dist/runtime/ucs2length.js',
  ]);
  const bytes = Object.values(metafile.outputs)[0]?.bytes ?? Number.POSITIVE_INFINITY;
  expect(bytes / operations.length).toBeLessThan(6_000);
});
