interface AnySchema {
  readonly [keyword: string]: unknown;
}

const jsonLength = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const largest = (sizes: readonly number[]): number => Math.max(0, ...sizes);

/** A character takes six bytes at most: four in UTF-8, or an escape of the basic plane. */
const stringSize = ({ maxLength = Number.POSITIVE_INFINITY }: AnySchema): number => 2 + 6 * Number(maxLength);

const arraySize = ({ maxItems = Number.POSITIVE_INFINITY, items }: AnySchema): number =>
  2 + Number(maxItems) * (largestBody((items ?? {}) as AnySchema) + 1);

const objectSize = ({ properties = {}, oneOf = [] }: AnySchema): number =>
  2 +
  Object.entries(properties as Record<string, AnySchema>)
    .map(([name, schema]) => jsonLength(name) + 2 + largestBody(schema))
    .reduce((sum, size) => sum + size, 0) +
  largest((oneOf as AnySchema[]).map((schema) => objectSize({ ...schema, type: 'object' })));

/** The bytes of the largest JSON text, without white space, that a schema can accept; infinite when it has no bound. */
export const largestBody = (schema: AnySchema): number => {
  if ('const' in schema) return jsonLength(schema.const);
  if (Array.isArray(schema.enum)) return largest(schema.enum.map(jsonLength));
  if (schema.type === 'string') return stringSize(schema);
  if (schema.type === 'array') return arraySize(schema);
  if (schema.type === 'object') return objectSize(schema);
  if (schema.type === 'number' || schema.type === 'integer') return 25;
  if (schema.type === 'boolean' || schema.type === 'null') return 5;
  return Number.POSITIVE_INFINITY;
};
