import { describe, expect, expectTypeOf, it } from 'vitest';
import type { AnyResource, RecordOf } from '../../../model/define/define-resource.ts';
import { defineResource, patientReference } from '../../../model/define/define-resource.ts';
import { field } from '../../../model/define/field.ts';
import { mistakesIn } from '../../../model/define/mistakes.ts';
import type { Patient, PatientInput } from '../../../model/resources/patient.ts';

const text = { type: 'string', maxLength: 40 } as const;
const note = field(text, { classification: 'phi', description: 'A note.' });
const secret = field(text, { classification: 'restricted', description: 'A secret.', presence: 'optional' });

const declaration = {
  name: 'Note',
  description: 'A note.',
  capability: 'clinical',
  path: '/notes',
  subject: 'patient',
  compartment: 'clinical',
  fields: { patient: patientReference, note },
  summary: ['id'],
  permissions: {
    provider: [
      {
        interactions: ['create', 'read'],
        purposes: ['TREAT'],
        reach: 'careTeam',
        discloses: '*',
        writes: '*',
      },
    ],
  },
  example: { patient: '01JD0000000000000000000000', note: 'text' },
} as const;

const sound = defineResource(declaration);
const changed = (change: object): AnyResource => ({ ...sound, ...change }) as unknown as AnyResource;
const permitting = (role: string, ...permissions: object[]): AnyResource =>
  changed({ permissions: { [role]: permissions } });
const read = { interactions: ['read'], purposes: ['TREAT'], reach: 'careTeam', discloses: ['id'] };

describe('a declaration', () => {
  it('has an id that the server sets', () => {
    expect(sound.fields.id.options).toMatchObject({ classification: 'internal', setBy: 'server' });
  });

  it('gives the types of records and inputs', () => {
    expectTypeOf<RecordOf<typeof sound>['note']>().toEqualTypeOf<string>();
    // @ts-expect-error the record has no such field
    expectTypeOf<RecordOf<typeof sound>['nope']>().toBeNever();
    expectTypeOf<Patient['id']>().toEqualTypeOf<string>();
    expectTypeOf<Patient['ssn']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Patient['gender']>().toEqualTypeOf<'male' | 'female' | 'other' | 'unknown'>();
    expectTypeOf<PatientInput>().not.toHaveProperty('id');
  });

  it('does not compile without a classification, or with an unknown one', () => {
    // @ts-expect-error a classification has no default
    field(text, { description: 'A note.' });
    // @ts-expect-error the classifications are a closed set
    field(text, { classification: 'public', description: 'A note.' });
  });

  it('does not compile when it names an undeclared field', () => {
    const attempts = [
      // @ts-expect-error discloses an undeclared field
      () => defineResource({ ...declaration, permissions: { provider: [{ ...read, discloses: ['nope'] }] } }),
      // @ts-expect-error summarises an undeclared field
      () => defineResource({ ...declaration, summary: ['id', 'nope'] }),
      () =>
        defineResource({
          ...declaration,
          // @ts-expect-error indexes an undeclared field
          indexes: { nope: { by: { nope: { path: 'nope', canonical: 'text' } } } },
        }),
      () =>
        defineResource({
          ...declaration,
          // @ts-expect-error indexes the elements of an undeclared field
          indexes: { nope: { each: 'nope', by: { nope: { path: 'value', canonical: 'text' } } } },
        }),
      // @ts-expect-error relates an undeclared field
      () => defineResource({ ...declaration, relationship: { member: 'nope', period: 'note' } }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(TypeError);
  });

  it('does not compile with an unknown purpose, role, interaction or reach', () => {
    const one = {
      interactions: ['read'],
      purposes: ['TREAT'],
      reach: 'careTeam',
      discloses: ['id'],
    } as const;
    const attempts = [
      () =>
        // @ts-expect-error TREATMENT is no HL7 purpose of use
        defineResource({ ...declaration, permissions: { nurse: [{ ...one, purposes: ['TREATMENT'] }] } }),
      // @ts-expect-error compliance never reaches a resource
      () => defineResource({ ...declaration, permissions: { compliance: [one] } }),
      // @ts-expect-error operator never reaches a resource
      () => defineResource({ ...declaration, permissions: { operator: [one] } }),
      () =>
        // @ts-expect-error purge is no interaction
        defineResource({ ...declaration, permissions: { nurse: [{ ...one, interactions: ['purge'] }] } }),
      // @ts-expect-error world is no reach
      () => defineResource({ ...declaration, permissions: { nurse: [{ ...one, reach: 'world' }] } }),
    ];
    expect(attempts).toHaveLength(5);
    expect(attempts[1]).toThrow('the role compliance never reaches a resource');
    expect(attempts[2]).toThrow('the role operator never reaches a resource');
  });

  it("does not compile when '*' would mean a restricted field", () => {
    const fields = { patient: patientReference, note, secret };
    const named = { ...read, discloses: ['id', 'secret'] } as const;
    expect(() =>
      // @ts-expect-error a restricted field is named or withheld
      defineResource({ ...declaration, fields, permissions: { provider: [{ ...read, discloses: '*' }] } }),
    ).toThrow("provider is permitted restricted fields by '*'");
    expect(() =>
      defineResource({
        ...declaration,
        fields,
        permissions: {
          provider: [
            { interactions: ['read'], purposes: ['TREAT'], reach: 'careTeam', discloses: named.discloses },
          ],
        },
      }),
    ).not.toThrow();
  });
});

describe('a contradictory declaration is refused with a sentence', () => {
  it.each<[string, AnyResource]>([
    ['the name must be UpperCamelCase', changed({ name: 'note' })],
    ['the path must be one segment', changed({ path: '/notes/{id}' })],
    ["field 'Note' must be lowerCamelCase", changed({ fields: { ...sound.fields, Note: note } })],
    [
      "field 'note' has no known classification: it needs one of internal, identifier, phi, restricted",
      changed({ fields: { ...sound.fields, note: { schema: text, options: { description: 'x' } } } }),
    ],
    [
      "field 'note' has an unknown compartment",
      changed({
        fields: {
          ...sound.fields,
          note: { schema: text, options: { ...note.options, compartment: 'attic' } },
        },
      }),
    ],
    ["the summary names 'id' twice", changed({ summary: ['id', 'id'] })],
    ["the summary names 'toString', which is not a declared field", changed({ summary: ['id', 'toString'] })],
    ['the summary must name id', changed({ summary: ['note'] })],
    ['the compartment is unknown', changed({ compartment: 'integrity' })],
    [
      'the field patient must be the patientReference',
      changed({ fields: { ...sound.fields, patient: note } }),
    ],
    [
      "the relationship's field 'note' must be",
      changed({ relationship: { member: 'patient', period: 'note' } }),
    ],
    ["provider is disclosed 'id' twice", permitting('provider', { ...read, discloses: ['id', 'id'] })],
    [
      "provider is disclosed 'x', which is not a declared field",
      permitting('provider', { ...read, discloses: ['x'] }),
    ],
    [
      "provider writes 'x', which is not a declared field",
      permitting('provider', { ...read, interactions: ['update'], writes: ['x'] }),
    ],
    ['provider needs writes with', permitting('provider', { ...read, interactions: ['update'] })],
    ['provider needs writes with, and only with', permitting('provider', { ...read, writes: ['note'] })],
    [
      'provider may create but not set every required field',
      permitting('provider', { ...read, interactions: ['create'], writes: ['note'] }),
    ],
    ["nurse cannot have the reach 'self'", permitting('nurse', { ...read, reach: 'self' })],
    ["patient cannot have the reach 'tenant'", permitting('patient', { ...read, reach: 'tenant' })],
    ['the role janitor never reaches a resource', permitting('janitor', read)],
    ['provider has two permissions for one interaction', permitting('provider', read, read)],
    [
      'two ways to search have the same parameters',
      changed({ indexes: { patient: { by: { patient: { path: 'patient', canonical: 'text' } } } } }),
    ],
    ["index 'note' has no parameter", changed({ indexes: { note: { by: {} } } })],
    [
      "index 'note' names no declared text at 'note.deep'",
      changed({ indexes: { note: { by: { note: { path: 'note.deep', canonical: 'text' } } } } }),
    ],
    [
      "index 'note' names no declared text at 'value'",
      changed({ indexes: { note: { each: 'note', by: { note: { path: 'value', canonical: 'text' } } } } }),
    ],
    [
      'nurse joins with other fields',
      changed({ relationship: { member: 'patient', period: 'patient', joins: { nurse: {} } } }),
    ],
    [
      'nurse joins with other fields',
      changed({
        relationship: { member: 'patient', period: 'patient', joins: { nurse: { note: 'a', id: 'b' } } },
      }),
    ],
    [
      'search is permitted, but there is no index',
      { ...permitting('provider', { ...read, interactions: ['search'] }), subject: 'id' },
    ],
  ])('%s', (sentence, resource) => {
    const found = mistakesIn(resource);
    expect(found.some((mistake) => mistake.includes(sentence))).toBe(true);
  });

  it('and a sound one is not', () => {
    expect(mistakesIn(sound as unknown as AnyResource)).toEqual([]);
  });

  it('names the resource', () => {
    expect(() => defineResource({ ...declaration, path: '/a/b' })).toThrow(/^resource Note: the path/);
  });
});
