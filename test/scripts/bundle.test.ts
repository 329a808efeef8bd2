import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bundle, bundle, sizeLines } from '../../scripts/bundle.ts';
import { projectRoot } from '../../scripts/local/project-root.ts';

const source = `
import { request } from 'node:http';
import { createHash } from 'crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
new DynamoDBClient({ region: 'us-east-1' });
export const handler = async () => [typeof request, createHash('sha256').update('x').digest('hex').length];
`;
let directory: string;
let bundles: Bundle[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chartlock-bundle-'));
  symlinkSync(join(projectRoot, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'example.ts'), source);
  bundles = await bundle(directory, join(directory, 'build'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('bundles each function into one module that runs by itself', () => {
  const [example] = bundles;
  expect(example?.name).toBe('example');
  const script = `import { handler } from ${JSON.stringify(example?.file)}; console.log(JSON.stringify(await handler()));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual(['function', 64]);
});

it("does not load Node's own modules at start, so that undici stays out", () => {
  const text = readFileSync(bundles[0]?.file ?? '', 'utf8');
  const imported = [...text.matchAll(/\bfrom\s*"?'?(node:[a-z_/]+|[a-z_/]+)['"]/g)].map(([, name]) => name);
  expect(imported).toEqual(['node:module']);
});

it('is the same at every run, so that an unchanged function is not deployed again', async () => {
  const before = readFileSync(bundles[0]?.file ?? '');
  await bundle(directory, join(directory, 'build'));
  expect(readFileSync(bundles[0]?.file ?? '').equals(before)).toBe(true);
});

it('tells the sizes', () => {
  expect(sizeLines([{ name: 'clinical', file: 'x', bytes: 400_000, gzipBytes: 120_000 }])).toEqual([
    'clinical       390.6 KB    117.2 KB gzip',
  ]);
});
