import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { namedOperations } from '../model/operations/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'lambdas', 'functions');
const output = join(root, '.build');

/** One bundled function and its size. */
export interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/**
 * Loads Node's own modules when they are first used and by `require`: a static import of `node:http` makes Node
 * evaluate every export, WebSocket and with it undici included, at each cold start.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_]+(\/[a-z0-9_/]+)?$/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^(node:)?/, 'node:'), namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = requireBuiltin(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

/**
 * In a function, credentials come from the environment and nowhere else: without the chain that also looks into
 * configuration files, single sign-on and instance metadata, a bundle is a fifth smaller.
 */
const credentialsFromEnvironment: Plugin = {
  name: 'credentials-from-environment',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: 'credentials',
      pluginData: resolveDir,
      sideEffects: false,
    }));
    onLoad({ filter: /.*/, namespace: 'credentials' }, ({ pluginData }) => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
      resolveDir: pluginData,
    }));
  },
};

/**
 * Passkeys are taken without a statement about their authenticator, so that no certificate is ever read: what would read
 * one, and fetch revocation lists from wherever it says, stays out.
 */
const withoutCertificates: Plugin = {
  name: 'without-certificates',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(@peculiar\/x509|reflect-metadata)$/ }, ({ path }) => ({
      path,
      namespace: 'certificates',
      sideEffects: false,
    }));
    onLoad({ filter: /.*/, namespace: 'certificates' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** What of a named operation its documentation alone is made of. */
const documentation = new Set(['description', 'example', 'response']);

/**
 * Leaves the texts and schemas of named operations out of the functions, each of which would load all of them at its start.
 * That an operation has a request body stays; what it may hold is its validator's.
 */
const withoutDocumentation: Plugin = {
  name: 'without-documentation',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]model[\\/]operations[\\/]index\.ts$/ }, () => ({
      contents: `export const namedOperations = ${JSON.stringify(namedOperations, (member, value) => {
        if (documentation.has(member)) return undefined;
        return member === 'request' ? {} : value;
      })};`,
      loader: 'js',
    }));
  },
};

/**
 * Bundles every function in one run of esbuild into `.build/lambdas/<name>/index.mjs`, with the metafile in
 * `.build/metafile.json` and the source maps in `.build/source-maps`.
 * @param directory - the folder whose `.ts` files are the functions' entries
 * @param target - where to write, instead of `.build`
 */
export async function bundle(directory: string = sources, target: string = output): Promise<Bundle[]> {
  const names = readdirSync(directory)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'));
  const result = await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => ({ in: join(directory, `${name}.ts`), out: `${name}/index` })),
    outdir: join(target, 'lambdas'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    conditions: ['module'],
    minify: true,
    keepNames: false,
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [lazyBuiltins, credentialsFromEnvironment, withoutCertificates, withoutDocumentation],
    // Names that no minified one can be.
    banner: {
      js: "import{createRequire as requireFrom}from'node:module';const requireBuiltin=requireFrom(import.meta.url);",
    },
  });
  removeOthers(join(target, 'lambdas'), names);
  const bundles: Bundle[] = [];
  for (const { path, contents } of result.outputFiles) {
    const name = basename(dirname(path));
    if (path.endsWith('.map')) {
      writeIfChanged(target, join('source-maps', `${name}.mjs.map`), contents);
      continue;
    }
    writeIfChanged(target, relative(target, path), contents);
    bundles.push({ name, file: path, bytes: contents.length, gzipBytes: gzipSync(contents).length });
  }
  writeIfChanged(target, 'metafile.json', Buffer.from(JSON.stringify(result.metafile)));
  return bundles.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function removeOthers(folder: string, names: readonly string[]): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (!names.includes(name)) rmSync(join(folder, name), { recursive: true });
  }
}

/** Replaces a file at once, so that another run which reads it meanwhile finds all of it. */
function writeIfChanged(target: string, path: string, contents: Uint8Array): void {
  const file = join(target, path);
  if (existsSync(file) && readFileSync(file).equals(contents)) return;
  mkdirSync(dirname(file), { recursive: true });
  const temporary = join(target, `${process.pid}.new`);
  writeFileSync(temporary, contents);
  renameSync(temporary, file);
}

/** The sizes as lines of text, one for each function. */
export function sizeLines(bundles: readonly Bundle[]): string[] {
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1).padStart(7)} KB`;
  return bundles.map(
    ({ name, bytes, gzipBytes }) => `${name.padEnd(12)} ${kilobytes(bytes)}  ${kilobytes(gzipBytes)} gzip`,
  );
}

if (import.meta.main) {
  for (const line of sizeLines(await bundle())) console.log(line);
}
