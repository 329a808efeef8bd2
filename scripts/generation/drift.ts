import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * The paths, from the root, that are not as derived: files that differ or are missing, and files in the same folders
 * that nothing derives.
 */
export const driftOf = (root: string, derived: ReadonlyMap<string, string>): readonly string[] => {
  const changed = [...derived].filter(([path, content]) => contentOf(join(root, path)) !== content);
  const folders = [...new Set([...derived.keys()].map((path) => dirname(path)))];
  const present = folders.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
    } catch {
      return [];
    }
  });
  return [...changed.map(([path]) => path), ...present.filter((path) => !derived.has(path))].sort();
};
