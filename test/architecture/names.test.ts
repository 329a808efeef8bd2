import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourcesOf } from './imports-of.ts';
import { undocumentedExports } from './undocumented-exports.ts';

const root = join(import.meta.dirname, '..', '..');
const sources = sourcesOf(root).filter((path) => !path.startsWith('lambdas/generated/'));

const badNames = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) =>
    path
      .replace(/\.[a-z]+$/, '')
      .split('/')
      .some(
        (part) =>
          /^(utils?|commons?|shared|helpers?|misc)$/.test(part) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part),
      ),
  );

describe('files', () => {
  it('are named in kebab case for what they hold', () => {
    expect(badNames(sources)).toEqual([]);
  });
  it.each([
    'lambdas/utils.ts',
    'lib/shared/key.ts',
    'model/common/field.ts',
    'model/FieldType.ts',
    'lambdas/domain/some_thing.ts',
  ])('%s is noticed', (path) => {
    expect(badNames([path])).toEqual([path]);
  });
});

describe('exports', () => {
  it.each(sources)('of %s are documented', (path) => {
    expect(undocumentedExports(readFileSync(join(root, path), 'utf8'))).toEqual([]);
  });
  it.each<[string, string, string[]]>([
    ['a constant', 'export const a = 1;', ['a']],
    ['a function', 'export function a() {}', ['a']],
    ['an async function', 'export async function a() {}', ['a']],
    ['a class', 'export class A {}', ['A']],
    ['an abstract class', 'export abstract class A {}', ['A']],
    ['a type', 'export type A = 1;', ['A']],
    ['an interface', 'export interface A {}', ['A']],
    ['a default', 'export default 1;', ['default']],
    ['one after a line comment', '// A.\nexport const a = 1;', ['a']],
    ['one after a plain comment', '/* A. */\nexport const a = 1;', ['a']],
    ['one whose doc comment belongs to another', '/** B. */\nconst b = 1;\nexport const a = b;', ['a']],
    ['one with an empty comment', '/** */\nexport const a = 1;', ['a']],
    ['one in a list', '/** A. */\nconst a = 1;\nconst b = 2;\nexport { a, b };', ['b']],
  ])('without: %s is noticed', (_what, source, names) => {
    expect(undocumentedExports(source)).toEqual(names);
  });
  it('with: none is', () => {
    expect(
      undocumentedExports('/** A. */\nexport const a = 1;\n\n/**\n * B.\n */\nexport class B {}\n'),
    ).toEqual([]);
  });
});
