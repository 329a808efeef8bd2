import { type ParameterForm, parameterForms } from '../define/define-operation.ts';
import type { AnyResource } from '../define/define-resource.ts';
import type { Field, Schema } from '../define/field.ts';
import type { ProblemCode } from '../problems.ts';
import { problems, problemType } from '../problems.ts';
import { basePath, purposesOfUse, roles } from '../vocabulary.ts';
import type { CustomOperation, Operation, ResourceOperation } from './operations.ts';
import { allowsRole, resourcesOf, scopesOpening } from './operations.ts';
import { problemsOf } from './problems.ts';
import type { ObjectSchema } from './schemas.ts';
import {
  createdSchema,
  createSchema,
  disclosedSchema,
  fieldNamesSchema,
  requestSchema,
  responseSchema,
  searchLimit,
  searchSchema,
  updateSchema,
} from './schemas.ts';
import { indexPlans } from './storage.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

const schemaRef = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
const headerRef = (name: string): JsonObject => ({ $ref: `#/components/headers/${name}` });
const parameterRef = (name: string): JsonObject => ({ $ref: `#/components/parameters/${name}` });

/** A schema as outside tools know it: our format `past-date` is their `date`. */
const published = (schema: Schema | ObjectSchema): JsonObject =>
  JSON.parse(JSON.stringify(schema), (key, value) =>
    key === 'format' && value === 'past-date' ? 'date' : value,
  );

const described = ({ schema, options }: Field): JsonObject => ({
  ...published(schema),
  description: options.description,
  'x-classification': options.classification,
});

const annotated = (resource: AnyResource, schema: ObjectSchema, description: string): JsonObject => ({
  ...published(schema),
  description,
  properties: Object.fromEntries(
    Object.keys(schema.properties).map((name) => [name, described(resource.fields[name] as Field)]),
  ),
});

const schemasOf = (resource: AnyResource): JsonObject => {
  const { name } = resource;
  const permits = (interaction: string): boolean =>
    Object.values(resource.permissions)
      .flat()
      .some(({ interactions }) => interactions.some((permitted) => permitted === interaction));
  return {
    [name]: annotated(
      resource,
      disclosedSchema(resource),
      `${resource.description} An answer holds the fields that you asked for and may get.`,
    ),
    ...(permits('create') && {
      [`${name}Input`]: annotated(resource, createSchema(resource), `What creates a ${name}.`),
    }),
    ...(permits('update') && {
      [`${name}Update`]: annotated(
        resource,
        updateSchema(resource),
        `What replaces the fields of a ${name} that you may set: those that a ${name} always has must be present, and an optional one that is left out is removed.`,
      ),
    }),
    ...((permits('create') || permits('update')) && {
      [`${name}Id`]: { ...published(createdSchema(resource)), description: `The id of a ${name}.` },
    }),
    ...(permits('search') && {
      [`${name}Search`]: {
        ...published(searchSchema(resource)),
        description: `Finds each ${name} that matches \`where\` exactly.`,
      },
      [`${name}Matches`]: {
        type: 'object',
        additionalProperties: false,
        description: `At most ${searchLimit} matches; \`complete\` is false when there are more.`,
        required: ['items', 'complete'],
        properties: {
          items: { type: 'array', maxItems: searchLimit, items: schemaRef(name) },
          complete: { type: 'boolean' },
        },
      },
    }),
  };
};

const exampleId = (resource: AnyResource): string =>
  resource.subject === 'id'
    ? '01JD0000000000000000000000'
    : '01JD0000000000000000000000.01JD0000000000000000000001';

const pick = (example: AnyResource['example'], names: readonly string[]): JsonObject =>
  Object.fromEntries(
    names.filter((name) => example[name] !== undefined).map((name) => [name, example[name] as Json]),
  );

const valueAt = (value: unknown, path: string): Json =>
  path
    .split('.')
    .reduce<unknown>((inner, step) => (inner as { [name: string]: unknown })[step], value) as Json;

/** An example of a search: the patient's records, or the first index that the resource's example has values for. */
const searchExample = (resource: AnyResource): JsonObject => {
  if (resource.subject === 'patient') return { where: pick(resource.example, ['patient']) };
  const [plan] = indexPlans(resource);
  const source = plan?.each ? (resource.example[plan.each] as readonly unknown[])[0] : resource.example;
  return {
    where: Object.fromEntries(plan?.parameters.map(({ name, path }) => [name, valueAt(source, path)]) ?? []),
    fields: [...resource.summary],
  };
};

const answerExample = (resource: AnyResource): JsonObject =>
  pick({ id: exampleId(resource), ...resource.example }, resource.summary);

interface Bodies {
  readonly request?: { readonly schema: JsonObject; readonly example?: JsonObject };
  readonly response?: { readonly schema: JsonObject; readonly example?: JsonObject };
}

const resourceBodies = ({ resource, interaction }: ResourceOperation): Bodies => {
  const { name, example } = resource;
  const created = { schema: schemaRef(`${name}Id`), example: { id: exampleId(resource) } };
  switch (interaction) {
    case 'create':
      return {
        request: { schema: schemaRef(`${name}Input`), example: pick(example, Object.keys(example)) },
        response: created,
      };
    case 'read':
      return { response: { schema: schemaRef(name), example: answerExample(resource) } };
    case 'update':
      return {
        request: {
          schema: schemaRef(`${name}Update`),
          example: pick(example, Object.keys(updateSchema(resource).properties)),
        },
        response: created,
      };
    case 'search':
      return {
        request: { schema: schemaRef(`${name}Search`), example: searchExample(resource) },
        response: {
          schema: schemaRef(`${name}Matches`),
          example: { items: [answerExample(resource)], complete: true },
        },
      };
  }
};

const bodiesOf = (operation: Operation): Bodies => {
  if (operation.kind === 'resource') return resourceBodies(operation);
  const request = requestSchema(operation);
  const response = responseSchema(operation);
  return {
    ...(request && {
      request: {
        schema: published(request),
        ...(operation.definition.example && {
          example: pick(operation.definition.example, Object.keys(operation.definition.example)),
        }),
      },
    }),
    ...(response && { response: { schema: published(response) } }),
  };
};

const exampleOf: { readonly [F in ParameterForm]: string } = {
  uuid: '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11',
  id: '01JD0000000000000000000000',
  client: '1example23456789',
  secret: '1example23456789--1767225600000',
  passkey: 'example-of-a-passkey-0123456789-abcdefghijk',
};

const namedParameters = ({ definition }: CustomOperation): readonly JsonObject[] => [
  ...Object.entries(definition.parameters ?? {}).map(([name, form]) => ({
    name,
    in: 'path',
    required: true,
    description: 'An opaque id.',
    schema: { type: 'string', pattern: parameterForms[form].source },
    example: exampleOf[form],
  })),
  ...(definition.sensitive ? [parameterRef('X-Step-Up-Proof')] : []),
];

const parametersOf = (operation: Operation): readonly JsonObject[] => {
  if (operation.kind === 'named') return namedParameters(operation);
  const { interaction, resource } = operation;
  return [
    ...(operation.path.includes('{id}')
      ? [
          {
            name: 'id',
            in: 'path',
            required: true,
            description: `The opaque id of the ${resource.name}.`,
            schema: published((resource.fields.id as Field).schema),
            example: exampleId(resource),
          },
        ]
      : []),
    ...(interaction === 'read'
      ? [
          {
            name: 'fields',
            in: 'query',
            description: `The fields wanted; without it, the summary: ${resource.summary.join(', ')}.`,
            style: 'form',
            explode: false,
            schema: published(fieldNamesSchema(resource)),
          },
        ]
      : []),
    ...(interaction === 'update' ? [parameterRef('If-Match')] : []),
    ...(interaction === 'create' ? [parameterRef('Idempotency-Key')] : []),
    parameterRef('X-Purpose-Of-Use'),
  ];
};

const problemResponses = (operation: Operation): JsonObject => {
  const byStatus = Map.groupBy(problemsOf(operation), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      { $ref: `#/components/responses/${responseName(codes)}` },
    ]),
  );
};

const responseName = (codes: readonly ProblemCode[]): string => codes.join('.');

const problemResponse = (codes: readonly ProblemCode[]): JsonObject => {
  const [first] = codes as readonly [ProblemCode, ...ProblemCode[]];
  const { status, title } = problems[first];
  return {
    description: [...new Set(codes.map((code) => problems[code].title))].join(' Or: '),
    headers: {
      'x-request-id': headerRef('x-request-id'),
      ...(codes.includes('rate-limited') && { 'retry-after': headerRef('retry-after') }),
    },
    content: {
      'application/problem+json': {
        schema: { allOf: [schemaRef('Problem'), { properties: { code: { enum: codes } } }] },
        example: {
          type: problemType(first),
          title,
          status,
          code: first,
          requestId: 'a1b2c3d4-0000-4000-8000-000000000000',
        },
      },
    },
  };
};

const successHeaders = (operation: Operation): JsonObject => ({
  'x-request-id': headerRef('x-request-id'),
  ...(operation.kind === 'resource' && operation.interaction !== 'search' && { etag: headerRef('etag') }),
  ...(operation.kind === 'resource' &&
    operation.interaction === 'create' && { location: headerRef('location') }),
});

const content = (body: Bodies['request']): JsonObject =>
  body === undefined
    ? {}
    : {
        content: {
          'application/json': { schema: body.schema, ...(body.example && { example: body.example }) },
        },
      };

const summaries = {
  create: ({ name }: AnyResource) => `Create a ${name}`,
  read: ({ name }: AnyResource) => `Read a ${name}`,
  update: ({ name }: AnyResource) => `Update a ${name}`,
  search: ({ name }: AnyResource) => `Search for ${name}`,
} as const;

const permittedTo = (operation: Operation): string => {
  if (operation.scope === undefined) return 'Before sign-in.';
  const permitted = roles.filter((role) => allowsRole(operation, role));
  return operation.kind === 'named' && operation.definition.allows === 'session'
    ? 'For every signed-in person.'
    : `For the roles ${permitted.join(', ')}.`;
};

const wordsOf = (operation: Operation): JsonObject => {
  if (operation.kind === 'resource')
    return {
      summary: summaries[operation.interaction](operation.resource),
      description: `${permittedTo(operation)} The access matrix says which fields each gets and sets.`,
    };
  const { description } = operation.definition;
  return {
    summary: (description.split(/[:;.]/, 1)[0] as string).trim(),
    description: `${description} ${permittedTo(operation)}`,
  };
};

const tagOf = (operation: Operation): string =>
  operation.kind === 'resource' ? operation.resource.name : (operation.id.split('.', 1)[0] as string);

const answers = {
  create: 'The id of the new record; `Location` is its path and `ETag` its version.',
  read: 'The fields asked for, as far as you may get them; `ETag` is the version.',
  update: 'The record is changed; `ETag` is its new version.',
  search: 'The matches that are yours to see.',
} as const;

const answerWords = (operation: Operation): string => {
  if (operation.kind === 'resource') return answers[operation.interaction];
  return operation.definition.response ? 'Done.' : 'Done; there is no body.';
};

const operationObject = (operation: Operation): JsonObject => {
  const { request, response } = bodiesOf(operation);
  const parameters = parametersOf(operation);
  return {
    operationId: operation.id,
    tags: [tagOf(operation)],
    ...wordsOf(operation),
    security: scopesOpening(operation).map((scope) => ({ accessToken: [scope] })),
    ...(parameters.length > 0 && { parameters }),
    ...(request && { requestBody: { required: true, ...content(request) } }),
    responses: {
      [String(operation.status)]: {
        description: answerWords(operation),
        headers: successHeaders(operation),
        ...content(response),
      },
      ...problemResponses(operation),
    },
  };
};

const pathsOf = (operations: readonly Operation[]): JsonObject => {
  const byPath = Map.groupBy(operations, ({ capability, path }) => `/${basePath(capability)}${path}`);
  return Object.fromEntries(
    [...byPath].map(([path, served]) => [
      path,
      Object.fromEntries(
        served.map((operation) => [operation.method.toLowerCase(), operationObject(operation)]),
      ),
    ]),
  );
};

const responsesOf = (operations: readonly Operation[]): JsonObject => {
  const sets = operations.flatMap((operation) => [
    ...Map.groupBy(problemsOf(operation), (code) => problems[code].status).values(),
  ]);
  return Object.fromEntries(
    sets
      .map((codes) => [responseName(codes), problemResponse(codes)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
};

const tagsOf = (operations: readonly Operation[]): readonly JsonObject[] => {
  const declared = resourcesOf(operations).map(({ name, description }) => ({ name, description }));
  const named = new Set(operations.filter(({ kind }) => kind === 'named').map(tagOf));
  const words: { readonly [tag: string]: string } = {
    auth: 'Signing in and out.',
    sessions: 'Your sessions.',
    passkeys: 'Your passkeys.',
    consents: 'What you let applications do for you.',
    users: 'The people of your tenant.',
    apps: 'The applications of your tenant.',
    machines: 'The machines of your tenant.',
    reviews: 'Reviews of who may do what.',
  };
  return [
    ...declared,
    ...[...named].map((name) => ({ name, description: words[name] ?? `Operations on ${name}.` })),
  ];
};

const components = (operations: readonly Operation[]): JsonObject => ({
  securitySchemes: {
    accessToken: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description:
        'The access token that a sign-in gives, or the client credentials of a machine. Each operation names the one scope that it needs of a person, and of a machine where one may call it; a scope narrows what your role permits and never adds to it.',
    },
  },
  headers: {
    etag: {
      description: 'The version of the record, for `If-Match`.',
      schema: { type: 'string', pattern: '^"[1-9][0-9]{0,9}"$', maxLength: 12 },
    },
    location: {
      description: 'The path of the record.',
      schema: { type: 'string', format: 'uri-reference', maxLength: 200 },
    },
    'retry-after': {
      description: 'How many seconds to wait.',
      schema: { type: 'integer', minimum: 1, maximum: 3600 },
    },
    'x-request-id': {
      description: 'The id of the request, which its audit entry carries.',
      schema: { type: 'string', maxLength: 64 },
    },
  },
  parameters: {
    'If-Match': {
      name: 'If-Match',
      in: 'header',
      required: true,
      description: 'The `ETag` of the version that you read.',
      schema: { type: 'string', pattern: '^"[1-9][0-9]{0,9}"$', maxLength: 12 },
      example: '"1"',
    },
    'Idempotency-Key': {
      name: 'Idempotency-Key',
      in: 'header',
      description: 'Repeating a request with the same key creates nothing twice.',
      schema: { type: 'string', minLength: 16, maxLength: 128, pattern: '^[A-Za-z0-9_-]+$' },
      example: 'b6ff1f3e0c2d4f7a9b18',
    },
    'X-Step-Up-Proof': {
      name: 'X-Step-Up-Proof',
      in: 'header',
      description:
        'What `POST /identity/v1/auth/step-up` led to; needed when you signed in more than five minutes ago, and good for one request.',
      schema: { type: 'string', minLength: 43, maxLength: 43, pattern: '^[A-Za-z0-9_-]+$' },
    },
    'X-Purpose-Of-Use': {
      name: 'X-Purpose-Of-Use',
      in: 'header',
      description:
        "Why you ask, as an HL7 purpose of use (http://terminology.hl7.org/CodeSystem/v3-ActReason); without it, your role's usual one.",
      schema: { type: 'string', enum: purposesOfUse },
    },
  },
  schemas: {
    Problem: {
      type: 'object',
      description: 'What went wrong (RFC 9457); it never repeats anything of the request.',
      required: ['type', 'title', 'status', 'code', 'requestId'],
      properties: {
        type: { type: 'string', format: 'uri', maxLength: 100 },
        title: { type: 'string', maxLength: 200 },
        status: { type: 'integer', minimum: 400, maximum: 599 },
        code: { type: 'string', enum: Object.keys(problems) },
        requestId: { type: 'string', maxLength: 64 },
      },
    },
    ...Object.assign({}, ...resourcesOf(operations).map(schemasOf)),
  },
  responses: responsesOf(operations),
});

/** The OpenAPI 3.1 description of every API, under one domain. */
export const openApi = (operations: readonly Operation[]): JsonObject => ({
  openapi: '3.1.0',
  info: {
    title: 'Chartlock',
    version: '1',
    summary: 'A serverless, HIPAA-grade healthcare API.',
    description:
      'Each role and purpose gets the fields that it needs and no others; each answer leaves an audit entry before it is given. Health information is never part of a URL: searches go by POST.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [
    {
      url: 'https://{domain}',
      description: 'Your deployment.',
      variables: { domain: { default: 'localhost:8443', description: 'Where it listens.' } },
    },
  ],
  tags: tagsOf(operations),
  paths: pathsOf(operations),
  components: components(operations),
});
