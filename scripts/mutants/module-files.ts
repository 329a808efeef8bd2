import { globSync } from 'node:fs';
import { sep } from 'node:path';

/** Where protections live. */
const folders = ['middleware', 'domain', 'operations', 'ports', 'functions'];

const paths = (root: string, pattern: string): readonly string[] =>
  globSync(pattern, { cwd: root })
    .map((path) => path.split(sep).join('/'))
    .sort();

/** The modules that mutants are sought in. */
export const moduleFiles = (root: string): readonly string[] =>
  folders.flatMap((folder) => paths(root, `lambdas/${folder}/**/*.ts`));

/** All TypeScript below a folder. */
export const typeScriptFiles = (root: string, folder: string): readonly string[] =>
  paths(root, `${folder}/**/*.ts`);
