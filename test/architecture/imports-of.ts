import { globSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { build } from 'esbuild';
import type { Import } from './import-rules.ts';

/** The source files of the product below a root. */
export const sourcesOf = (root: string): readonly string[] =>
  globSync('{bin,lib,lambdas,model,scripts}/**/*.{ts,js,mjs}', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.endsWith('.d.ts'))
    .sort();

/** What is imported when the code runs, from the metafile of an esbuild run over every source file. */
export const runTimeImports = async (root: string): Promise<readonly Import[]> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...sourcesOf(root)],
    outdir: 'out',
    bundle: true,
    write: false,
    metafile: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'silent',
  });
  return Object.entries(metafile.inputs).flatMap(([from, { imports }]) =>
    imports.map(({ path }) => ({ from, to: path })),
  );
};

const statements = [
  /^(?:import|export)\s[^=;()'"]*?\sfrom\s+'([^']+)'/gm,
  /^import\s+'([^']+)'/gm,
  /\bimport\(\s*'([^']+)'/g,
];

/** What is imported as the source says, types included. */
export const sourceImports = (root: string): readonly Import[] =>
  sourcesOf(root).flatMap((from) => {
    const source = readFileSync(`${root}/${from}`, 'utf8');
    return statements
      .flatMap((statement) => [...source.matchAll(statement)])
      .map(([, specifier = '']) => ({
        from,
        to: specifier.startsWith('.') ? posix.normalize(posix.join(dirname(from), specifier)) : specifier,
      }));
  });
