import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../../scripts/local/project-root.ts';

/** A small work tree in the folder for temporary files. */
export interface Fixture {
  readonly root: string;
  readonly remove: () => void;
}

/** Writes a work tree of these files, with the packages of this one. */
export function fixture(files: { readonly [path: string]: string }): Fixture {
  const root = mkdtempSync(join(tmpdir(), 'chartlock-fixture-'));
  for (const [path, content] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'), 'dir');
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
