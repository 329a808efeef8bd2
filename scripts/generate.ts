/** Writes every derived file; with `--check`, writes nothing and fails naming each file that is not as derived. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { operations } from '../model/derive/operations.ts';
import { driftOf } from './generation/drift.ts';
import { generatedFiles } from './generation/generated-files.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const derived = generatedFiles(operations);

for (const path of driftOf(root, derived)) {
  if (check) {
    console.error(`${path} is not as derived from model/; run npm run generate`);
    process.exitCode = 1;
    continue;
  }
  const content = derived.get(path);
  if (content === undefined) {
    rmSync(join(root, path), { recursive: true });
    console.log(`removed ${path}`);
    continue;
  }
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  console.log(`wrote ${path}`);
}
