import type { KeyObject } from 'node:crypto';

/** A key and the version that everything made with it carries. */
export interface VersionedKey {
  readonly version: number;
  readonly key: KeyObject;
}

/** Finds the key of a version, or nothing when there is none. */
export type KeyOfVersion = (version: number) => KeyObject | undefined;
