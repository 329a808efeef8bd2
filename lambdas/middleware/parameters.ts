import { type ParameterForm, parameterForms } from '../../model/define/define-operation.ts';
import type { Schema } from '../../model/define/field.ts';
import type { CustomOperation, Operation, ResourceOperation } from '../../model/derive/operations.ts';
import { resources } from '../../model/resources.ts';
import { ApiError } from '../domain/api-error.ts';
import { patientOf } from '../domain/identifiers.ts';
import type { ApiEvent, Chain, ChainMiddleware } from './chain.ts';
import { headerValues } from './chain.ts';

const propertyNames = (schema: Schema): string[] => {
  const nested = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    name,
    ...(typeof inner === 'object' ? propertyNames(inner) : []),
  ]);
  const items = schema.items as Schema | undefined;
  return typeof items === 'object' && !Array.isArray(items) ? [...nested, ...propertyNames(items)] : nested;
};

/** Every declared name under which health information travels, in lower case (requirement F4). */
const phiNames: ReadonlyMap<string, string> = new Map(
  resources
    .flatMap(({ fields, indexes }) => [
      ...Object.entries(fields)
        .filter(([, { options }]) => options.classification !== 'internal')
        .flatMap(([name, { schema }]) => [name, ...propertyNames(schema)]),
      ...Object.entries(indexes ?? {}).flatMap(([name, { by }]) => [name, ...Object.keys(by)]),
    ])
    .map((name) => [name.toLowerCase(), name]),
);

const invalid = (): ApiError => new ApiError('invalid-parameter');

const queryOf = (event: ApiEvent): [string, string[]][] => {
  const all = event.multiValueQueryStringParameters ?? {};
  const single = event.queryStringParameters ?? {};
  return [...new Set([...Object.keys(all), ...Object.keys(single)])].map((name) => [
    name,
    all[name] ?? [single[name] ?? ''],
  ]);
};

const isRead = (operation: Operation | undefined): operation is ResourceOperation =>
  operation?.kind === 'resource' && operation.interaction === 'read';

const parseFields = ({ resource }: ResourceOperation, values: readonly string[]): string[] => {
  const [list = '', another] = values;
  const names = list.split(',');
  const known = names.every((name) => Object.hasOwn(resource.fields, name));
  if (another !== undefined || !known || new Set(names).size !== names.length) throw invalid();
  return names;
};

const readQuery = (event: ApiEvent, chain: Chain): void => {
  const query = queryOf(event);
  chain.parameters = [
    ...new Set(
      query.map(([name]) => (name === 'fields' ? name : (phiNames.get(name.toLowerCase()) ?? 'other'))),
    ),
  ].slice(0, 20);
  if (query.some(([name]) => phiNames.has(name.toLowerCase()))) throw new ApiError('phi-in-url');
  for (const [name, values] of query) {
    if (name !== 'fields' || !isRead(chain.operation)) throw invalid();
    chain.fields = parseFields(chain.operation, values);
  }
};

const readNamedPath = (
  operation: CustomOperation | undefined,
  given: readonly [string, string | undefined][],
): Chain['pathParameters'] => {
  const forms: { readonly [name: string]: ParameterForm } = operation?.definition.parameters ?? {};
  if (given.length !== Object.keys(forms).length) throw invalid();
  return Object.fromEntries(
    given.map(([name, value]) => {
      const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
      if (form === undefined || value === undefined || !parameterForms[form].test(value)) throw invalid();
      return [name, value];
    }),
  );
};

const readPath = (event: ApiEvent, chain: Chain): void => {
  const { operation, facts } = chain;
  const given = Object.entries(event.pathParameters ?? {});
  if (operation?.kind !== 'resource') {
    chain.pathParameters = readNamedPath(operation, given);
    return;
  }
  facts.resource = operation.resource.name;
  const takesId = operation.path.endsWith('/{id}');
  if (given.some(([name]) => name !== 'id') || given.length !== Number(takesId)) throw invalid();
  const id = event.pathParameters?.id;
  if (!takesId) return;
  const patient = id === undefined ? undefined : patientOf(operation.resource, id);
  if (id === undefined || patient === undefined) throw invalid();
  chain.pathParameters = { id };
  facts.resourceId = id;
  facts.patient = patient;
};

const entityTag = /^"([1-9][0-9]{0,9})"$/;
const key = /^[A-Za-z0-9_-]{16,128}$/;

const onlyHeader = (event: ApiEvent, name: string, pattern: RegExp): RegExpExecArray | undefined => {
  const [value, another] = headerValues(event, name);
  if (value === undefined) return undefined;
  const match = another === undefined ? pattern.exec(value) : null;
  if (match === null) throw invalid();
  return match;
};

const readPreconditions = (event: ApiEvent, chain: Chain): void => {
  if (chain.operation?.kind !== 'resource') return;
  if (chain.operation.interaction === 'update') {
    const version = onlyHeader(event, 'if-match', entityTag)?.[1];
    if (version === undefined) throw new ApiError('precondition-required');
    chain.ifMatch = Number(version);
  }
  if (chain.operation.interaction === 'create') {
    const idempotencyKey = onlyHeader(event, 'idempotency-key', key)?.[0];
    if (idempotencyKey !== undefined) chain.idempotencyKey = idempotencyKey;
  }
};

/**
 * Reads path, query and conditional headers; what is unknown, repeated or malformed is refused, and a query parameter with
 * the name of health information is refused with a hint (requirement F4).
 */
export const parameters = (): ChainMiddleware => ({
  before: ({ event, context: { chain } }) => {
    readQuery(event, chain);
    readPath(event, chain);
    readPreconditions(event, chain);
  },
});
