import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operations } from '../../model/derive/operations.ts';
import { driftOf } from '../../scripts/generation/drift.ts';
import { generatedFiles } from '../../scripts/generation/generated-files.ts';

const root = join(import.meta.dirname, '..', '..');
const derived = generatedFiles(operations);

it('the derived files are as the declarations say', () => {
  expect(driftOf(root, derived)).toEqual([]);
});

it('derives the same a second time', () => {
  expect(generatedFiles(operations)).toEqual(derived);
});

describe('a file is named when it', () => {
  let copy: string;
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'chartlock-drift-'));
    for (const [path, content] of derived) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), content);
    }
  });
  afterEach(() => {
    rmSync(copy, { recursive: true });
  });

  it('differs', () => {
    expect(driftOf(copy, derived)).toEqual([]);
    writeFileSync(join(copy, 'docs/generated/access-matrix.md'), '# Access matrix\n');
    expect(driftOf(copy, derived)).toEqual(['docs/generated/access-matrix.md']);
  });
  it('is missing', () => {
    rmSync(join(copy, 'lambdas/generated/validators.js'));
    expect(driftOf(copy, derived)).toEqual(['lambdas/generated/validators.js']);
  });
  it('is not derived any more', () => {
    writeFileSync(join(copy, 'docs/generated/old.md'), '');
    expect(driftOf(copy, derived)).toEqual(['docs/generated/old.md']);
  });
  it('follows from a declaration that changed', () => {
    const fewer = generatedFiles(operations.filter(({ id }) => id !== 'Vital.update'));
    expect(driftOf(root, fewer)).toEqual([
      'docs/generated/access-matrix.md',
      'docs/generated/openapi.json',
      'lambdas/generated/validators.d.ts',
      'lambdas/generated/validators.js',
    ]);
  });
});
