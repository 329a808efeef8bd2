import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layerOf, wrongWays } from './import-rules.ts';
import { runTimeImports, sourceImports, sourcesOf } from './imports-of.ts';

const root = join(import.meta.dirname, '..', '..');

it('every source file belongs to a layer', () => {
  const own = sourcesOf(root);
  expect(own.length).toBeGreaterThan(50);
  expect(own.filter((path) => layerOf(path) === undefined)).toEqual([]);
});

it('no import goes the wrong way when the code runs', async () => {
  const imports = await runTimeImports(root);
  expect(imports.length).toBeGreaterThan(100);
  expect(wrongWays(imports)).toEqual([]);
});

it('no import goes the wrong way in the source, types included', () => {
  const imports = sourceImports(root);
  expect(imports.length).toBeGreaterThan(100);
  expect(wrongWays(imports)).toEqual([]);
});

const planted: readonly (readonly [from: string, specifier: string])[] = [
  ['model/planted.ts', 'node:fs'],
  ['model/planted.ts', '@aws-sdk/client-dynamodb'],
  ['model/planted.ts', '@middy/core'],
  ['model/planted.ts', '../lib/target.ts'],
  ['model/planted.ts', '../lambdas/domain/target.ts'],
  ['lib/planted.ts', '../lambdas/domain/target.ts'],
  ['lib/planted.ts', '../bin/target.ts'],
  ['lib/planted.ts', '@aws-sdk/client-dynamodb'],
  ['bin/planted.ts', '../lambdas/functions/target.ts'],
  ['lambdas/functions/planted.ts', '../../lib/target.ts'],
  ['lambdas/functions/planted.ts', 'aws-cdk-lib'],
  ['lambdas/middleware/planted.ts', '../../lib/target.ts'],
  ['lambdas/middleware/planted.ts', '../functions/target.ts'],
  ['lambdas/middleware/planted.ts', '@aws-sdk/client-kms'],
  ['lambdas/operations/planted.ts', '@aws-sdk/client-kms'],
  ['lambdas/operations/planted.ts', 'aws-cdk-lib'],
  ['lambdas/ports/planted.ts', '../middleware/target.ts'],
  ['lambdas/ports/planted.ts', '../operations/target.ts'],
  ['lambdas/ports/planted.ts', '../../lib/target.ts'],
  ['lambdas/ports/planted.ts', '@middy/core'],
  ['lambdas/domain/planted.ts', '../ports/target.ts'],
  ['lambdas/domain/planted.ts', '../middleware/target.ts'],
  ['lambdas/domain/planted.ts', '../../lib/target.ts'],
  ['lambdas/domain/planted.ts', '@aws-sdk/client-dynamodb'],
  ['lambdas/domain/planted.ts', '@middy/core'],
  ['lambdas/domain/planted.ts', 'node:fs'],
];
const allowed: readonly (readonly [from: string, specifier: string])[] = [
  ['model/allowed.ts', './target.ts'],
  ['lib/allowed.ts', '../model/target.ts'],
  ['lib/allowed.ts', 'aws-cdk-lib'],
  ['bin/allowed.ts', '../lib/target.ts'],
  ['lambdas/functions/allowed.ts', '../operations/target.ts'],
  ['lambdas/functions/allowed.ts', '@aws-sdk/client-dynamodb'],
  ['lambdas/operations/allowed.ts', '../ports/target.ts'],
  ['lambdas/middleware/allowed.ts', '../domain/target.ts'],
  ['lambdas/ports/allowed.ts', '@aws-sdk/client-dynamodb'],
  ['lambdas/ports/allowed.ts', '../domain/target.ts'],
  ['lambdas/domain/allowed.ts', '../../model/target.ts'],
  ['lambdas/domain/allowed.ts', 'node:crypto'],
];

describe('each guard notices', () => {
  let house: string;
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), content);
  };
  const fileOf = ([from]: readonly [string, string], position: number) =>
    from.replace('.ts', `-${position}.ts`);
  const cases = [...planted, ...allowed].map(
    (one, position) => [fileOf(one, position), one[1], planted.includes(one)] as const,
  );

  beforeAll(() => {
    house = mkdtempSync(join(tmpdir(), 'chartlock-house-'));
    cpSync(join(root, 'biome.json'), join(house, 'biome.json'));
    const folders = ['functions', 'middleware', 'operations', 'domain', 'ports'].map(
      (name) => `lambdas/${name}`,
    );
    for (const layer of ['bin', 'lib', 'model', ...folders])
      write(`${layer}/target.ts`, 'export const target = 1;\n');
    for (const [path, specifier] of cases)
      write(path, `import { target } from '${specifier}';\n\nexport const used = target;\n`);
    write(
      'model/type.ts',
      "import type { target } from '../lambdas/ports/target.ts';\n\nexport type T = typeof target;\n",
    );
  });
  afterAll(() => {
    rmSync(house, { recursive: true });
  });

  const foundIn = (sentences: readonly string[]) =>
    new Set(sentences.map((sentence) => sentence.split(' imports ')[0]));
  const wrong = cases.filter(([, , isPlanted]) => isPlanted).map(([path]) => path);

  it('in the metafile', async () => {
    expect([...foundIn(wrongWays(await runTimeImports(house)))].sort()).toEqual([...wrong].sort());
  });
  it('in the source, types included', () => {
    expect([...foundIn(wrongWays(sourceImports(house)))].sort()).toEqual([...wrong, 'model/type.ts'].sort());
  });
  it('in the editor and the lint', () => {
    const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const { stdout } = spawnSync(
      process.execPath,
      [
        biome,
        'lint',
        `--config-path=${house}`,
        '--vcs-enabled=false',
        '--reporter=json',
        '--max-diagnostics=none',
        house,
      ],
      { encoding: 'utf8' },
    );
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; location: { path: string } }[];
    };
    const found = diagnostics
      .filter(({ category }) => category === 'lint/style/noRestrictedImports')
      .map(({ location }) =>
        location.path.slice(location.path.indexOf('chartlock-house-')).replace(/^[^/]+\//, ''),
      );
    expect([...new Set(found)].sort()).toEqual([...wrong, 'model/type.ts'].sort());
  });
});
