/** Licences that ask for no more than a notice. */
const permissive = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
];
/** Licences of files, not of what uses them: good enough for tools that are not part of what is deployed. */
const forTools = [...permissive, 'MPL-2.0', 'CC-BY-4.0'];

/** A package as a lockfile lists it. */
export interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly version?: string;
}

const accepts = (allowed: readonly string[], expression: string): boolean =>
  expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((licence) => allowed.includes(licence.trim())));

/** The locked packages whose licence is unknown or asks for more than it may, as sentences. */
export const licenceFaults = (packages: { readonly [path: string]: LockedPackage }): readonly string[] =>
  Object.entries(packages)
    .filter(([path]) => path !== '')
    .filter(
      ([, { license, dev, devOptional }]) =>
        !accepts(dev || devOptional ? forTools : permissive, license ?? 'none'),
    )
    .map(([path, { license }]) => `${path} is under ${license ?? 'no licence'}`);
