import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnySchema } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formats } from '../../model/define/formats.ts';
import { openApi } from '../../model/derive/openapi.ts';
import { operations } from '../../model/derive/operations.ts';
import { problemsOf } from '../../model/derive/problems.ts';
import { problems } from '../../model/problems.ts';
import { basePath } from '../../model/vocabulary.ts';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Content {
  readonly content?: { readonly [type: string]: Media };
  readonly headers?: { readonly [name: string]: unknown };
  readonly $ref?: string;
}
interface Described {
  readonly operationId: string;
  readonly security: readonly { readonly accessToken?: readonly string[] }[];
  readonly parameters?: readonly { readonly name?: string; readonly $ref?: string }[];
  readonly requestBody?: Content;
  readonly responses: { readonly [status: string]: Content };
}
interface Document {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Described } };
  readonly components: {
    readonly responses: { readonly [name: string]: Content };
    readonly schemas: { readonly [name: string]: object };
  };
}

const root = join(import.meta.dirname, '..', '..');
const document = openApi(operations) as unknown as Document;
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const find = (id: string): Described => {
  const found = described.find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`${id} is not described`);
  return found.operation;
};

describe('every operation', () => {
  it('is described once, where it is served, with its scope', () => {
    expect(described.map(({ operation }) => operation.operationId).sort()).toEqual(
      operations.map(({ id }) => id).sort(),
    );
    for (const { id, capability, method, path, scope, systemScope } of operations) {
      const operation = document.paths[`/${basePath(capability)}${path}`]?.[method.toLowerCase()];
      expect(operation?.operationId).toBe(id);
      const scopes = [scope, systemScope].filter((name) => name !== undefined);
      expect(operation?.security).toEqual(scopes.map((name) => ({ accessToken: [name] })));
    }
  });

  it.each(operations)('$id answers exactly its success and its problems', (operation) => {
    const statuses = Object.keys(find(operation.id).responses);
    const possible = problemsOf(operation).map((code) => problems[code].status);
    expect(statuses.sort()).toEqual([...new Set([operation.status, ...possible])].map(String).sort());
  });

  it.each(operations)('$id says its headers', ({ id, kind, ...operation }) => {
    const { parameters = [], responses } = find(id);
    const names = parameters.map(({ name, $ref }) => name ?? $ref?.split('/').at(-1));
    const interaction = kind === 'resource' ? id.split('.')[1] : undefined;
    expect(names.includes('If-Match')).toBe(interaction === 'update');
    expect(names.includes('Idempotency-Key')).toBe(interaction === 'create');
    expect(names.includes('X-Purpose-Of-Use')).toBe(kind === 'resource');
    expect(names.includes('fields')).toBe(interaction === 'read');
    expect(names.includes('id')).toBe(operation.path.includes('{id}'));
    const headers = Object.keys(responses[String(operation.status)]?.headers ?? {});
    expect(headers).toContain('x-request-id');
    expect(headers.includes('etag')).toBe(['create', 'read', 'update'].includes(interaction ?? ''));
    expect(headers.includes('location')).toBe(interaction === 'create');
  });

  it('takes no health information in its URL', () => {
    const inUrl = described.flatMap(({ operation }) =>
      (operation.parameters ?? []).flatMap(({ name }) => (name ? [name] : [])),
    );
    expect([...new Set(inUrl)].sort()).toEqual(['client', 'fields', 'id', 'secret']);
  });
});

it('every answer that a rate limit gives says when to come back', () => {
  const limited = Object.entries(document.components.responses).filter(([name]) =>
    name.includes('rate-limited'),
  );
  expect(limited.length).toBeGreaterThan(0);
  for (const [, { headers }] of limited) expect(headers).toHaveProperty('retry-after');
});

it('every operation with a request body shows an example', () => {
  for (const { operation } of described)
    for (const media of Object.values(operation.requestBody?.content ?? {}))
      expect(media.example).toBeDefined();
});

it('every example is valid against the schema beside it', () => {
  const ajv = new Ajv2020({ strict: false, formats: { ...formats, uri: true, 'uri-reference': true } });
  ajv.addSchema({ $id: 'https://chartlock.test/openapi', ...document } as AnySchema);
  const resolved = (media: Media) =>
    JSON.parse(
      JSON.stringify(media.schema).replaceAll(
        '"#/components/',
        '"https://chartlock.test/openapi#/components/',
      ),
    ) as AnySchema;
  const bodies = [
    ...described.flatMap(({ operation }) => [operation.requestBody, ...Object.values(operation.responses)]),
    ...Object.values(document.components.responses),
  ];
  const media = bodies.flatMap((body) => Object.values(body?.content ?? {}));
  const withExample = media.filter(({ example }) => example !== undefined);
  expect(withExample.length).toBeGreaterThan(operations.length);
  for (const one of withExample)
    expect([ajv.validate(resolved(one), one.example), ajv.errors]).toEqual([true, null]);
});

describe('Redocly’s recommended rules', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chartlock-openapi-'));
    cpSync(join(root, 'redocly.yaml'), join(folder, 'redocly.yaml'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const lint = (content: object): { errors: number; warnings: number } => {
    const path = join(folder, 'openapi.json');
    writeFileSync(path, JSON.stringify(content));
    const cli = join(root, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');
    const { stdout } = spawnSync(
      process.execPath,
      [cli, 'lint', path, '--config', join(folder, 'redocly.yaml'), '--format', 'json'],
      {
        encoding: 'utf8',
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      },
    );
    return (JSON.parse(stdout) as { totals: { errors: number; warnings: number } }).totals;
  };

  it('find nothing', () => {
    expect(lint(document)).toMatchObject({ errors: 0, warnings: 0 });
  });
  it('find an operation that lacks its summary and answers', () => {
    const path = '/clinical/v1/planted';
    const broken = { ...document, paths: { ...document.paths, [path]: { get: { responses: {} } } } };
    expect(lint(broken).errors).toBeGreaterThan(0);
  });
});
