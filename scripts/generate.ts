/** Writes every derived file; with `--check`, writes nothing and fails naming each file that differs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { operations } from '../model/derive/operations.ts';
import { generatedFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

const current = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const changed = [...generatedFiles(operations)].filter(
  ([path, content]) => current(join(root, path)) !== content,
);
for (const [path, content] of changed) {
  if (check) {
    console.error(`${path} differs from the declarations; run npm run generate`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  console.log(`wrote ${path}`);
}
