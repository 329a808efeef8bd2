import type { FromSchema, JSONSchema } from 'json-schema-to-ts';
import type { Classification, ContentCompartment } from '../vocabulary.ts';

/** A JSON Schema literal in the dialect that fields use. */
export type Schema = Exclude<JSONSchema, boolean>;

/** Who sets a field: the caller whenever it writes, the caller only at creation, or the server alone. */
export type SetBy = 'caller' | 'creator' | 'server';

/** What a field is, beside its schema. */
export interface FieldOptions {
  /** How sensitive the value is; there is no default. */
  readonly classification: Classification;
  /** One sentence for API developers and the PHI inventory. */
  readonly description: string;
  /** Who sets it. @default 'caller' */
  readonly setBy?: SetBy;
  /** Whether a record may lack it. @default 'required' */
  readonly presence?: 'required' | 'optional';
  /** The key space of a sealed value. @default the resource's; always `restricted` for a restricted field */
  readonly compartment?: ContentCompartment;
}

/** One declared field of a resource. */
export interface Field<S extends Schema = Schema, O extends FieldOptions = FieldOptions> {
  readonly schema: S;
  readonly options: O;
}

/** The fields of a resource, by name. */
export interface Fields {
  readonly [name: string]: Field;
}

/** The TypeScript type of a field's value. */
export type FieldValue<F extends Field> = FromSchema<F['schema']>;

/**
 * Declares a field.
 * @param schema JSON Schema of the value; every string, array and object in it is bounded.
 * @param options classification and the rest.
 */
export const field = <const S extends Schema, const O extends FieldOptions>(
  schema: S,
  options: O,
): Field<S, O> => ({ schema, options });
