import type { Schema } from './field.ts';

/** The schema of the value at a path of property names, if the schema declares one. */
export const schemaAt = (schema: Schema, path: readonly string[]): Schema | undefined =>
  path.reduce<Schema | undefined>((inner, step) => {
    const next =
      inner?.properties && Object.hasOwn(inner.properties, step) ? inner.properties[step] : undefined;
    return typeof next === 'object' ? next : undefined;
  }, schema);

/** The schema of a list's elements, if the schema is of a list of one kind of element. */
export const elementOf = (schema: Schema | undefined): Schema | undefined => {
  const items = schema?.items;
  return typeof items === 'object' && !Array.isArray(items) ? (items as Schema) : undefined;
};
