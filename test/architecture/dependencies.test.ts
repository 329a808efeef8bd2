import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LockedPackage } from './licences.ts';
import { licenceFaults } from './licences.ts';

interface Manifest {
  readonly dependencies: { readonly [name: string]: string };
  readonly devDependencies: { readonly [name: string]: string };
  readonly optionalDependencies: { readonly [name: string]: string };
}
interface Lockfile {
  readonly packages: { readonly [path: string]: LockedPackage };
}

const root = join(import.meta.dirname, '..', '..');
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifest = readJson('package.json') as Manifest;
const { packages } = readJson('package-lock.json') as Lockfile;

const inexact = ({ dependencies, devDependencies, optionalDependencies }: Manifest): string[] =>
  Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))
    .map(([name]) => name);

describe('every dependency', () => {
  it('has a licence that allows what Chartlock does', () => {
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    expect(licenceFaults(packages)).toEqual([]);
  });
  it('has an exact version', () => {
    expect(inexact(manifest)).toEqual([]);
  });
  it('is locked at the version that is asked for', () => {
    const asked = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    for (const [name, version] of Object.entries(asked))
      expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
  });
});

describe('what is noticed', () => {
  it.each<[string, LockedPackage]>([
    ['no licence', {}],
    ['a copyleft licence', { license: 'GPL-3.0-only' }],
    ['a network copyleft licence', { license: 'AGPL-3.0-or-later' }],
    ['one for tools in what is deployed', { license: 'MPL-2.0' }],
    ['a commercial licence', { license: 'SEE LICENSE IN LICENSE.md' }],
    ['a conjunction with a copyleft licence', { license: 'MIT AND GPL-2.0-only' }],
  ])('%s', (_what, entry) => {
    expect(licenceFaults({ ...packages, 'node_modules/planted': entry })).toHaveLength(1);
  });
  it.each<[string, LockedPackage]>([
    ['a choice', { license: '(MIT OR GPL-3.0-or-later)' }],
    ['one for tools in a tool', { license: 'MPL-2.0', dev: true }],
  ])('but not %s', (_what, entry) => {
    expect(licenceFaults({ 'node_modules/planted': entry })).toEqual([]);
  });
  it.each(['^1.0.0', '~1.0.0', '1.x', '*', 'latest', 'git+https://example.org/a.git', '>=1.0.0'])(
    'the version %s',
    (version) => {
      expect(inexact({ ...manifest, devDependencies: { planted: version } })).toEqual(['planted']);
    },
  );
});
