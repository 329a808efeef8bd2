import { type ParsedModule, readModule } from './parsed-module.ts';

/** What a module of the tree leads to by its imports, itself included. */
type Reach = (path: string) => ReadonlySet<string>;

const reachIn = (root: string): Reach => {
  const modules = new Map<string, ParsedModule | undefined>();
  const parsed = (path: string): ParsedModule | undefined => {
    if (!modules.has(path)) modules.set(path, readable(root, path));
    return modules.get(path);
  };
  return (path) => {
    const reached = new Set<string>();
    const pending = [path];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      pending.push(...(parsed(next)?.dependencies ?? []));
    }
    return reached;
  };
};

const readable = (root: string, path: string): ParsedModule | undefined => {
  if (!/\.(?:ts|mts|js|mjs)$/.test(path) || path.endsWith('.d.ts')) return undefined;
  try {
    return readModule(root, path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Which test files import each module, directly or through others. */
export function testsByModule(
  root: string,
  tests: readonly string[],
  modules: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const reach = reachIn(root);
  const reached = tests.map((test) => ({ test, paths: reach(test) }));
  return new Map(
    modules.map((module) => [
      module,
      reached.filter(({ paths }) => paths.has(module)).map(({ test }) => test),
    ]),
  );
}
