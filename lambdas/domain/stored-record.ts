import type { RecordAddress } from './storage-keys.ts';

/** A record as it is stored. */
export interface StoredRecord extends RecordAddress {
  readonly version: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The canonical JSON of the fields that are not sealed. */
  readonly plain: string;
  /** The envelope of each sealed field that has a value. */
  readonly sealed: { readonly [field: string]: Uint8Array };
  /** The keyed digest beside each envelope. */
  readonly digests: { readonly [field: string]: Uint8Array };
  /** The blind-index entries that lead to this version. */
  readonly indexes: readonly string[];
  /** Authenticates all of it, and the key under which it is stored. */
  readonly code: Uint8Array;
}

declare const verified: unique symbol;
/** A value whose authentication code was checked; nothing else is decided or disclosed by. */
export type Verified<T> = T & { readonly [verified]: true };
