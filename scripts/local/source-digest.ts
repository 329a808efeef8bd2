import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that the functions and the templates are made from. */
const sources = [
  'bin/app.ts',
  'cdk.json',
  'lambdas',
  'lib',
  'model',
  'package-lock.json',
  'scripts/bundle.ts',
];

/**
 * Changes whenever a file changes from which the functions or the templates are made, or one comes or goes.
 * @param root - the folder of the repository
 */
export function sourceDigest(root: string): string {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((path) => filesBelow(root, path)).sort()) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesBelow(root: string, path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
