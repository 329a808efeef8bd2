import type { AnyResource } from '../define/define-resource.ts';
import type { Field, Schema, SetBy } from '../define/field.ts';
import { elementOf, schemaAt } from '../define/schema-at.ts';
import type { Operation } from './operations.ts';
import { indexPlans } from './storage.ts';

/** The most records that one search answers. */
export const searchLimit = 25;

/** A closed JSON Schema of an object. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly required?: readonly string[];
  readonly properties: { readonly [name: string]: Schema };
}

const setBy = ({ options }: Field): SetBy => options.setBy ?? 'caller';
const isRequired = ({ options }: Field): boolean => options.presence !== 'optional';

const closed = (
  fields: readonly (readonly [string, Field])[],
  required: readonly string[],
): ObjectSchema => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length > 0 && { required }),
  properties: Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])),
});

const requiredOf = (fields: readonly (readonly [string, Field])[]): string[] =>
  fields.filter(([, field]) => isRequired(field)).map(([name]) => name);

/** What creates a record: every field but the server's own. */
export const createSchema = (resource: AnyResource): ObjectSchema => {
  const fields = Object.entries(resource.fields).filter(([, field]) => setBy(field) !== 'server');
  return closed(fields, requiredOf(fields));
};

/** What replaces a record's changeable fields; the permission says which of them must be present. */
export const updateSchema = (resource: AnyResource): ObjectSchema =>
  closed(
    Object.entries(resource.fields).filter(([, field]) => setBy(field) === 'caller'),
    [],
  );

/** A whole record, as it is stored. */
export const recordSchema = (resource: AnyResource): ObjectSchema => {
  const fields = Object.entries(resource.fields);
  return closed(fields, requiredOf(fields));
};

/** What a read answers: the disclosed fields of a record, whichever they are. */
export const disclosedSchema = (resource: AnyResource): ObjectSchema =>
  closed(Object.entries(resource.fields), []);

/** The schema of the names of a resource's fields, as a request's `fields` lists them. */
export const fieldNamesSchema = (resource: AnyResource): Schema => {
  const names = Object.keys(resource.fields);
  return {
    type: 'array',
    minItems: 1,
    maxItems: names.length,
    uniqueItems: true,
    items: { type: 'string', enum: names },
  };
};

const parameterSchema = (resource: AnyResource, each: string | undefined, path: string): Schema => {
  const record: Schema = disclosedSchema(resource);
  const source = each === undefined ? record : elementOf(schemaAt(record, [each]));
  const found = source && schemaAt(source, path.split('.'));
  if (found === undefined) throw new TypeError(`${resource.name} has no value at ${path}`);
  return found;
};

const exactly = (properties: ObjectSchema['properties']): ObjectSchema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});

/** The parameter sets by which a resource can be searched: one patient's records, and each exact index. */
export const searchParameters = (resource: AnyResource): readonly ObjectSchema[] => {
  const ofPatient = resource.fields.patient;
  return [
    ...(resource.subject === 'patient' && ofPatient ? [exactly({ patient: ofPatient.schema })] : []),
    ...indexPlans(resource).map(({ each, parameters }) =>
      exactly(
        Object.fromEntries(parameters.map(({ name, path }) => [name, parameterSchema(resource, each, path)])),
      ),
    ),
  ];
};

/** The body of a search: `where` by exactly one parameter set, and the fields wanted. */
export const searchSchema = (resource: AnyResource): ObjectSchema => {
  const [only, ...others] = searchParameters(resource);
  if (only === undefined) throw new TypeError(`${resource.name} permits search but declares no index`);
  return {
    type: 'object',
    additionalProperties: false,
    required: ['where'],
    properties: {
      where:
        others.length === 0 ? (only as Schema) : { type: 'object', oneOf: [only, ...others] as Schema[] },
      fields: fieldNamesSchema(resource),
    },
  };
};

/** What a search answers; `complete` is false when there are more matches than it holds. */
export const searchResultSchema = (resource: AnyResource): ObjectSchema => ({
  type: 'object',
  additionalProperties: false,
  required: ['items', 'complete'],
  properties: {
    items: { type: 'array', maxItems: searchLimit, items: disclosedSchema(resource) as Schema },
    complete: { type: 'boolean' },
  },
});

/** What creating or changing a record answers: its id. */
export const createdSchema = (resource: AnyResource): ObjectSchema => ({
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: (resource.fields.id as Field).schema },
});

const requests = {
  create: createSchema,
  read: undefined,
  update: updateSchema,
  search: searchSchema,
} as const;
const responses = {
  create: createdSchema,
  read: disclosedSchema,
  update: createdSchema,
  search: searchResultSchema,
} as const;

/** The schema of an operation's JSON body, or nothing when it takes none. */
export const requestSchema = (operation: Operation): Schema | undefined =>
  operation.kind === 'named'
    ? operation.definition.request
    : (requests[operation.interaction]?.(operation.resource) as Schema | undefined);

/** The schema of an operation's JSON answer, or nothing when it gives none. */
export const responseSchema = (operation: Operation): Schema | undefined =>
  operation.kind === 'named'
    ? operation.definition.response
    : (responses[operation.interaction](operation.resource) as Schema);

/**
 * The schema of an event whose `body` is the parsed body: what the generated validators check. An operation without a
 * body accepts none.
 */
export const eventSchema = (operation: Operation): Schema => {
  const body = requestSchema(operation);
  return body === undefined
    ? { type: 'object', properties: { body: { type: 'null' } } }
    : { type: 'object', required: ['body'], properties: { body } };
};
