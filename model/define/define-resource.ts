import type {
  Capability,
  ContentCompartment,
  Interaction,
  PhiRole,
  PurposeOfUse,
  Reach,
  Role,
} from '../vocabulary.ts';
import type { Fields, FieldValue } from './field.ts';
import { field } from './field.ts';
import { mistakesIn } from './mistakes.ts';

const characters = '[0-9A-HJKMNP-TV-Z]{26}';
/** Any chart record's opaque id: a patient's, or `<patient>.<26 characters>` (design.md §3). */
export const idPattern = `^${characters}(\\.${characters})?$`;

const assigned = {
  classification: 'internal',
  description: 'Opaque id, assigned by the server.',
  setBy: 'server',
} as const;

/** A patient's opaque id: 26 random characters (design.md §3). */
const patientId = field({ type: 'string', pattern: `^${characters}$`, maxLength: 26 }, assigned);
/** Any other chart record's: `<patient>.<26 characters>`, so that an id alone leads to its partition. */
const recordId = field(
  { type: 'string', pattern: `^${characters}\\.${characters}$`, maxLength: 53 },
  assigned,
);
type WithId<F extends Fields> = { readonly id: typeof patientId | typeof recordId } & F;
type Name<F extends Fields> = keyof WithId<F> & string;

type HasRestricted<F extends Fields> = {
  [K in keyof F]: F[K]['options']['classification'] extends 'restricted' ? K : never;
}[keyof F] extends never
  ? false
  : true;
/** All fields by `'*'`, which a resource with a restricted field cannot say: its fields are named or withheld. */
type FieldSet<F extends Fields> = readonly Name<F>[] | (HasRestricted<F> extends false ? '*' : never);

/** What one role may do for some purposes, and which fields it gets and sets. */
export interface Permission<F extends Fields = Fields> {
  readonly interactions: readonly Interaction[];
  readonly purposes: readonly PurposeOfUse[];
  readonly reach: Reach;
  /** The minimum necessary set (45 CFR 164.502(b)); a field not named is never returned, searched or sorted by. */
  readonly discloses: FieldSet<F>;
  /** The fields that it may set; needed with `create` and `update`. @default none */
  readonly writes?: FieldSet<F>;
}

/** One component of an exact-match index: where the value is, and how equal values are recognised. */
export interface IndexComponent<P extends string = string> {
  /** The path of the value from the record or, with `each`, from the element: `ssn`, `name.family`. */
  readonly path: P;
  /** `text`: NFKC, case folded, white space collapsed; `digits`: digits only. */
  readonly canonical: 'text' | 'digits';
}
type IndexParameters<P extends string> = { readonly [parameter: string]: IndexComponent<P> };

/** An exact-match blind index (design.md §5): of values of the record, or of each element of an array field. */
export type Index<F extends Fields = Fields> =
  | {
      readonly each?: never;
      /** The search parameters by name; together they are the key. */
      readonly by: IndexParameters<(keyof F & string) | `${keyof F & string}.${string}`>;
    }
  | {
      /** The array field, each of whose elements is indexed. */
      readonly each: keyof F & string;
      /** The search parameters by name; together they are the key. */
      readonly by: IndexParameters<string>;
    };

/** A resource that creates access: its records say who has a treatment relationship with the patient, and when. */
export interface Relationship<F extends Fields = Fields> {
  /** The field with the member's subject. */
  readonly member: keyof F & string;
  /** The field with the period `{start, end?}`. */
  readonly period: keyof F & string;
  /**
   * The other fields of the record by which a role whose reach needs a relationship joins the patient that it creates.
   * @default such a role cannot create a patient
   */
  readonly joins?: { readonly [R in PhiRole]?: { readonly [field: string]: unknown } };
}

/** What a resource's author writes. */
export interface ResourceDeclaration<N extends string, F extends Fields> {
  /** UpperCamelCase, a FHIR name where one fits. */
  readonly name: N;
  /** One sentence for the API documentation. */
  readonly description: string;
  readonly capability: Capability;
  /** The collection's path below the base path. */
  readonly path: `/${string}`;
  /** The field that names the individual: `id` for a patient, `patient` for every other chart record. */
  readonly subject: 'id' | (keyof F & 'patient');
  /** The key space of its sealed fields. */
  readonly compartment: Exclude<ContentCompartment, 'restricted'>;
  readonly fields: F;
  /** What a read or search returns without `fields`, as far as the permission discloses it. */
  readonly summary: readonly Name<F>[];
  readonly indexes?: { readonly [name: string]: Index<F> };
  readonly relationship?: Relationship<F>;
  readonly permissions: { readonly [R in PhiRole]?: readonly Permission<F>[] };
  /** An example of what a caller sends to create one; validated and used in the API documentation. */
  readonly example: { readonly [field: string]: unknown };
}

/** A declared resource, with its `id` field. */
export interface Resource<N extends string = string, F extends Fields = Fields>
  extends Omit<ResourceDeclaration<N, F>, 'fields'> {
  readonly fields: WithId<F>;
}

/** Any declared resource, as the derivations see it. */
export interface AnyResource {
  readonly name: string;
  readonly description: string;
  readonly capability: Capability;
  readonly path: `/${string}`;
  readonly subject: 'id' | 'patient';
  readonly compartment: Exclude<ContentCompartment, 'restricted'>;
  readonly fields: Fields;
  readonly summary: readonly string[];
  readonly indexes?: {
    readonly [name: string]: { readonly each?: string; readonly by: IndexParameters<string> };
  };
  readonly relationship?: {
    readonly member: string;
    readonly period: string;
    readonly joins?: NonNullable<Relationship['joins']>;
  };
  readonly permissions: { readonly [R in Role]?: readonly AnyPermission[] };
  readonly example: { readonly [field: string]: unknown };
}

/** A permission, as the derivations see it. */
export interface AnyPermission extends Omit<Permission, 'discloses' | 'writes'> {
  readonly discloses: readonly string[] | '*';
  readonly writes?: readonly string[] | '*';
}

type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K]['options'] extends { readonly presence: 'optional' } ? K : never;
}[keyof F];
type ServerNames<F extends Fields> = {
  [K in keyof F]: F[K]['options'] extends { readonly setBy: 'server' } ? K : never;
}[keyof F];
type Shape<F extends Fields, K extends keyof F> = {
  readonly [P in Exclude<K, OptionalNames<F>>]: FieldValue<F[P]>;
} & { readonly [P in Extract<K, OptionalNames<F>>]?: FieldValue<F[P]> };
type InputOfFields<F extends Fields> = Shape<F, Exclude<keyof F, ServerNames<F>>>;

/** The TypeScript type of a resource's record. */
export type RecordOf<R extends { readonly fields: Fields }> = Shape<R['fields'], keyof R['fields']>;
/** The TypeScript type of what a caller sends to create a record. */
export type InputOf<R extends { readonly fields: Fields }> = InputOfFields<R['fields']>;

/** The field that ties a chart record to its patient. */
export const patientReference = field(
  { type: 'string', pattern: `^${characters}$`, maxLength: 26 },
  { classification: 'internal', description: 'The id of the patient.', setBy: 'creator' },
);

/**
 * Declares a resource, from which routes, schemas, permissions, sealing, audit and documentation derive.
 * @throws TypeError when the declaration contradicts itself, saying where.
 */
export const defineResource = <const N extends string, const F extends Fields>(
  declaration: ResourceDeclaration<N, F>,
): Resource<N, F> => {
  const resource = {
    ...declaration,
    fields: { id: declaration.subject === 'id' ? patientId : recordId, ...declaration.fields },
  } as Resource<N, F>;
  const found = mistakesIn(resource as unknown as AnyResource);
  if (found.length > 0) throw new TypeError(`resource ${declaration.name}: ${found.join('; ')}`);
  return resource;
};
