import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Names of folders that are made, not written; a copy does without them. */
const left = new Set(['node_modules', '.git', '.local', '.build', 'cdk.out', 'coverage']);

/** What the tests need of them, linked into the copy: it is only read. */
const linked = ['node_modules', '.local/venv'];

/** A private copy of the work tree, in which a mutant is put in place of its module. */
export interface TreeCopy {
  readonly root: string;
  readonly write: (path: string, source: string) => void;
  readonly remove: () => void;
}

/** Copies a work tree into the folder for temporary files. */
export function copyTree(root: string): TreeCopy {
  const copy = mkdtempSync(join(tmpdir(), 'chartlock-mutants-'));
  cpSync(root, copy, { recursive: true, filter: (source) => source === root || !left.has(basename(source)) });
  for (const path of linked) {
    if (!existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    symlinkSync(join(root, path), join(copy, path), 'dir');
  }
  return {
    root: copy,
    write: (path, source) => writeFileSync(join(copy, path), source),
    remove: () => rmSync(copy, { recursive: true, force: true }),
  };
}
