/** One import: who, of what; packages and Node's parts by their specifier, files by their path from the root. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

interface Layer {
  /** The layers whose files it may import, besides its own. */
  readonly layers: readonly string[];
  /** The packages and parts of Node that it may import; `*` ends a prefix. */
  readonly packages: readonly string[];
  /** Those that it may not, whatever `packages` says. */
  readonly without?: readonly string[];
}

const inside = [
  'lambdas/middleware',
  'lambdas/operations',
  'lambdas/generated',
  'lambdas/ports',
  'lambdas/domain',
  'model',
];
const aws = ['@aws-sdk/*', '@smithy/*'];
const cdk = ['aws-cdk-lib*', 'constructs', 'cdk-nag'];
const frameworks = ['@middy/*', '@aws-lambda-powertools/*'];

/**
 * The house (design.md §2): `bin → lib → model ← lambdas`, and the order inside `lambdas`. Functions make the AWS clients
 * that they hand to ports; only ports call them.
 */
const layers: { readonly [name: string]: Layer } = {
  model: { layers: [], packages: ['json-schema-to-ts'] },
  lib: { layers: ['model'], packages: ['*'], without: [...aws, ...frameworks] },
  bin: { layers: ['lib', 'model', 'scripts'], packages: ['*'] },
  scripts: { layers: ['bin', 'lib', 'model'], packages: ['*'] },
  'lambdas/domain': {
    layers: ['model'],
    packages: ['node:crypto', 'node:net', 'canonicalize', 'ulid'],
  },
  'lambdas/ports': { layers: ['lambdas/domain', 'model'], packages: ['*'], without: [...cdk, '@middy/*'] },
  'lambdas/generated': { layers: ['model'], packages: ['ajv/dist/runtime/*'] },
  'lambdas/middleware': { layers: inside, packages: ['*'], without: [...aws, ...cdk] },
  'lambdas/operations': { layers: inside, packages: ['*'], without: [...aws, ...cdk] },
  'lambdas/functions': { layers: inside, packages: ['*'], without: cdk },
};

const isFile = (name: string): boolean =>
  /\.[cm]?[jt]s$/.test(name) &&
  !name.startsWith('node:') &&
  name.includes('/') &&
  layerOf(name) !== undefined;

/** The layer of a file by its path from the root; nothing for a package. */
export const layerOf = (path: string): string | undefined =>
  Object.keys(layers).find((name) => path.startsWith(`${name}/`));

const matches = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

const isAllowed = ({ from, to }: Import): boolean => {
  const own = layerOf(from);
  const layer = own === undefined ? undefined : layers[own];
  if (own === undefined || layer === undefined) return false;
  const target = layerOf(to);
  if (isFile(to) && target !== undefined) return target === own || layer.layers.includes(target);
  return matches(layer.packages, to) && !matches(layer.without ?? [], to);
};

/** The imports that go the wrong way, as sentences. */
export const wrongWays = (imports: readonly Import[]): readonly string[] =>
  [
    ...new Set(imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} imports ${to}`)),
  ].sort();
