import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceDigest } from '../../scripts/local/source-digest.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chartlock-sources-'));
  for (const file of [
    'bin/app.ts',
    'cdk.json',
    'lambdas/functions/clinical.ts',
    'lib/platform.ts',
    'model/resources/patient.ts',
    'package-lock.json',
    'scripts/bundle.ts',
  ]) {
    write(file, file);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, content: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
}

it.each([
  ['a function changes', () => write('lambdas/functions/clinical.ts', 'other')],
  ['a resource comes', () => write('model/resources/allergy.ts', '')],
  ['a stack goes', () => rmSync(join(root, 'lib/platform.ts'))],
  ['a package changes', () => write('package-lock.json', 'other')],
  ['the way of bundling changes', () => write('scripts/bundle.ts', 'other')],
])('the digest changes when %s', (_name, change) => {
  const before = sourceDigest(root);
  expect(sourceDigest(root)).toBe(before);
  change();
  expect(sourceDigest(root)).not.toBe(before);
});

it('the digest stays when a test changes', () => {
  const before = sourceDigest(root);
  write('test/model/patient.test.ts', 'other');
  expect(sourceDigest(root)).toBe(before);
});
