import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnySchema } from 'ajv';
import { describe, expect, it } from 'vitest';
import { permittedCells } from '../../model/derive/access-matrix.ts';
import { createSchema } from '../../model/derive/schemas.ts';
import { sealedFields } from '../../model/derive/storage.ts';
import { resources } from '../../model/resources.ts';
import { roles } from '../../model/vocabulary.ts';
import { strictAjv } from '../../scripts/generation/validators.ts';
import { projectRoot } from '../../scripts/local/project-root.ts';

const accepts = (schema: object, value: unknown): boolean =>
  strictAjv().validate(schema as AnySchema, value) === true;

describe.each(resources.map((resource) => ({ name: resource.name, resource })))('$name', ({ resource }) => {
  it('has an example that its schema accepts', () => {
    const ajv = strictAjv();
    ajv.validate(createSchema(resource) as AnySchema, resource.example);
    expect(ajv.errors ?? []).toEqual([]);
  });

  it('describes itself and every field in a sentence', () => {
    const texts = [
      resource.description,
      ...Object.values(resource.fields).map(({ options }) => options.description),
    ];
    for (const text of texts) expect(text).toMatch(/^[A-Z].{8,}\.$/);
  });

  it('seals what says something about a person', () => {
    const said = Object.entries(resource.fields).filter(
      ([, { options }]) => options.classification !== 'internal',
    );
    expect(sealedFields(resource)).toEqual(said.map(([name]) => name));
  });

  it('gives patients nothing but their own records, and nobody else "self"', () => {
    for (const { role, purpose, permission } of permittedCells(resource)) {
      expect(permission.reach === 'self').toBe(role === 'patient');
      expect(purpose === 'PATRQT').toBe(role === 'patient');
    }
  });

  it('discloses to whoever may search what leads back to the record', () => {
    for (const { interaction, permission } of permittedCells(resource))
      if (interaction === 'search') expect(permission.discloses).toContain('id');
  });
});

it('stand in the index, each file of them', () => {
  const folder = join(projectRoot, 'model/resources');
  const index = readFileSync(join(folder, 'index.ts'), 'utf8');
  const files = readdirSync(folder).filter((file) => file !== 'index.ts');
  expect(files.filter((file) => !index.includes(`from './${file}'`))).toEqual([]);
  expect(files).toHaveLength(resources.length);
});

it('have names and paths of their own', () => {
  expect(new Set(resources.map(({ name }) => name.toLowerCase())).size).toBe(resources.length);
  expect(new Set(resources.map(({ capability, path }) => capability + path)).size).toBe(resources.length);
});

it('let each role that creates patients of its care teams join them, with a record that is sound', () => {
  const joined = resources.flatMap((resource) =>
    Object.entries(resource.relationship?.joins ?? {}).map(([role, given]) => ({ resource, role, given })),
  );
  const creators = roles.filter((role) =>
    resources
      .filter(({ subject }) => subject === 'id')
      .some((resource) =>
        permittedCells(resource).some(
          (cell) =>
            cell.role === role && cell.interaction === 'create' && cell.permission.reach === 'careTeam',
        ),
      ),
  );
  expect(creators.length).toBeGreaterThan(0);
  for (const role of creators) expect(joined.map((one) => one.role)).toContain(role);
  for (const { resource, given } of joined)
    expect(accepts(createSchema(resource), { ...resource.example, ...given })).toBe(true);
});
