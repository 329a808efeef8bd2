import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../../model/define/define-resource.ts';
import { branchesOf } from '../../../model/derive/grants.ts';
import { operationsOf, resourceOperations } from '../../../model/derive/operations.ts';
import { createSchema, recordSchema, searchSchema, updateSchema } from '../../../model/derive/schemas.ts';
import { compartmentOf, indexPlans } from '../../../model/derive/storage.ts';
import { namedOperations } from '../../../model/operations/index.ts';
import { resources } from '../../../model/resources.ts';
import type { Classification } from '../../../model/vocabulary.ts';
import { classifications } from '../../../model/vocabulary.ts';
import { generatedFiles } from '../../../scripts/generation/generated-files.ts';
import { reclassified } from '../reclassified.ts';

type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

const derivedFrom = (declared: readonly AnyResource[]): ReadonlyMap<string, string> =>
  generatedFiles(operationsOf(declared, namedOperations));
const before = derivedFrom(resources);

/** Where two JSON documents differ, as paths. */
const differences = (one: Json, other: Json, path = ''): readonly string[] => {
  if (one === other) return [];
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return [path];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].flatMap((key) =>
    differences(
      (one as { readonly [name: string]: Json })[key] ?? null,
      (other as { readonly [name: string]: Json })[key] ?? null,
      `${path}/${key}`,
    ),
  );
};

const linesThatDiffer = (path: string, after: ReadonlyMap<string, string>): readonly string[] => {
  const lines = (before.get(path) ?? '').split('\n');
  const others = (after.get(path) ?? '').split('\n');
  expect(others).toHaveLength(lines.length);
  return lines.filter((line, position) => line !== others[position]);
};

const cases = resources.flatMap((resource) =>
  Object.keys(resource.fields)
    .filter((name) => !['id', 'patient'].includes(name))
    .flatMap((name) =>
      classifications
        .filter((classification) => classification !== resource.fields[name]?.options.classification)
        .map((classification) => ({
          title: `${resource.name}.${name} becomes ${classification}`,
          resource,
          name,
          classification,
        })),
    ),
);

const check = (resource: AnyResource, name: string, classification: Classification): void => {
  const changed = reclassified(resource, name, classification);
  const declared = resources.map((one) => (one === resource ? changed : one));
  const after = derivedFrom(declared);
  const was = resource.fields[name]?.options.classification as Classification;

  expect(resourceOperations(changed).map(({ resource: _, ...route }) => route)).toEqual(
    resourceOperations(resource).map(({ resource: _, ...route }) => route),
  );
  expect(createSchema(changed)).toEqual(createSchema(resource));
  expect(updateSchema(changed)).toEqual(updateSchema(resource));
  expect(searchSchema(changed)).toEqual(searchSchema(resource));
  expect(recordSchema(changed)).toEqual(recordSchema(resource));
  expect(indexPlans(changed)).toEqual(indexPlans(resource));
  for (const path of ['lambdas/generated/validators.js', 'lambdas/generated/validators.d.ts'])
    expect(after.get(path)).toBe(before.get(path));

  for (const other of Object.keys(resource.fields).filter((one) => one !== name))
    expect(compartmentOf(changed, other)).toBe(compartmentOf(resource, other));
  expect(compartmentOf(changed, name)).toBe(
    {
      internal: undefined,
      identifier: resource.compartment,
      phi: resource.compartment,
      restricted: 'restricted',
    }[classification],
  );

  const isNew = (branch: string) => !branchesOf(resource.capability).some((one) => one === branch);
  for (const branch of branchesOf(resource.capability, declared).filter(isNew))
    expect(branch).toBe(compartmentOf(changed, name));

  const rows = linesThatDiffer('docs/generated/phi-inventory.md', after);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toContain(`| \`${name}\` | ${was} |`);

  const openApi = (files: ReadonlyMap<string, string>) =>
    JSON.parse(files.get('docs/generated/openapi.json') ?? '') as Json;
  const places = differences(openApi(before), openApi(after));
  expect(places.length).toBeGreaterThan(0);
  for (const place of places)
    expect(place).toMatch(
      new RegExp(`^/components/schemas/${resource.name}(Input|Update)?/properties/${name}/x-classification$`),
    );

  const matrix = linesThatDiffer('docs/generated/access-matrix.md', after);
  if (classification !== 'restricted') expect(matrix).toEqual([]);
  else for (const line of matrix) expect(line).toMatch(/\| all|, /);
};

describe('reclassifying one field changes what is derived from its class and nothing else', () => {
  it.each(resources.flatMap((resource) => cases.filter((one) => one.resource === resource).slice(-3)))(
    '$title',
    ({ resource, name, classification }) => {
      check(resource, name, classification);
    },
  );
  it('any field, any class', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), ({ resource, name, classification }) => {
        check(resource, name, classification);
      }),
      { numRuns: 12 },
    );
  });
});

it('a field that becomes restricted is withheld from whoever got it by "*"', () => {
  const after = derivedFrom(
    resources.map((resource) =>
      resource.name === 'Patient' ? reclassified(resource, 'gender', 'restricted') : resource,
    ),
  );
  const rows = (files: ReadonlyMap<string, string>, name: string) =>
    (files.get('docs/generated/phi-inventory.md') ?? '')
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\``));
  expect(rows(before, 'gender')).toContain('| admin, provider, nurse, patient, system |');
  expect(rows(after, 'gender')).toContain('| nurse, system |');
});
