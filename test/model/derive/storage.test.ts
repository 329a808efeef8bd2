import { describe, expect, it } from 'vitest';
import {
  compartmentOf,
  compartmentsOf,
  indexFor,
  indexPlans,
  plainFields,
  sealedFields,
} from '../../../model/derive/storage.ts';
import { patient } from '../../../model/resources/patient.ts';
import { vital } from '../../../model/resources/vital.ts';
import { resources } from '../../../model/resources.ts';
import { reclassified } from '../reclassified.ts';

describe.each(resources.map((resource) => ({ name: resource.name, resource })))('$name', ({ resource }) => {
  it('seals every field that is not internal, under a compartment', () => {
    for (const [name, { options }] of Object.entries(resource.fields)) {
      const sealed = options.classification !== 'internal';
      expect(compartmentOf(resource, name) !== undefined).toBe(sealed);
      expect(sealedFields(resource).includes(name)).toBe(sealed);
      expect(plainFields(resource).includes(name)).toBe(!sealed);
    }
  });

  it('uses only the compartments that it says', () => {
    const used = sealedFields(resource).map((name) => compartmentOf(resource, name));
    expect([...compartmentsOf(resource)].sort()).toEqual([...new Set(used)].sort());
  });

  it('indexes declared fields only, with one plan for each parameter set', () => {
    for (const plan of indexPlans(resource)) {
      expect(plan.id).toBe(`${resource.name}.${plan.name}`);
      for (const name of plan.fields) expect(Object.keys(resource.fields)).toContain(name);
      const parameters = plan.parameters.map(({ name }) => name);
      expect(parameters).toEqual([...parameters].sort());
      expect(indexFor(resource, [...parameters].reverse())).toEqual(plan);
      expect(indexFor(resource, [...parameters, 'other'])).toBeUndefined();
    }
  });
});

it('seals a restricted field under restricted, whatever the declaration says', () => {
  expect(compartmentOf(reclassified(vital, 'code', 'restricted'), 'code')).toBe('restricted');
  expect(compartmentOf(vital, 'code')).toBe('clinical');
});

it('lets a field choose its compartment', () => {
  const { email } = patient.fields;
  const moved = {
    ...patient.fields,
    email: { ...email, options: { ...email.options, compartment: 'billing' } },
  } as const;
  expect(compartmentOf({ ...patient, fields: moved }, 'email')).toBe('billing');
});

it.each(['nope', 'toString', '__proto__'])('refuses the undeclared field %s', (name) => {
  expect(() => compartmentOf(patient, name)).toThrow(TypeError);
});

it('indexes each element of a list by its own values', () => {
  expect(indexFor(patient, ['value', 'system'])).toEqual({
    id: 'Patient.identifier',
    name: 'identifier',
    each: 'identifier',
    parameters: [
      { name: 'system', path: 'system', canonical: 'text' },
      { name: 'value', path: 'value', canonical: 'text' },
    ],
    fields: ['identifier'],
  });
});
