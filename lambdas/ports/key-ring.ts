import type { KeyObject } from 'node:crypto';
import type { KMSClient } from '@aws-sdk/client-kms';
import { DecryptCommand } from '@aws-sdk/client-kms';
import type { Branch, Compartment } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import type { BranchKeys, PatientKeys, WrappedPatientKeys } from '../domain/patient-keys.ts';
import { branchVersionsOf, keyFrom, openPatientKeys } from '../domain/patient-keys.ts';
import type { ItemKey } from '../domain/storage-keys.ts';
import { branchKeyKey, currentBranchKeyKey } from '../domain/storage-keys.ts';
import type { VersionedKey } from '../domain/versioned-key.ts';
import type { Item } from './batch-get.ts';
import { batchGet } from './batch-get.ts';
import { orUnavailable } from './call-failure.ts';
import type { ClientsFor } from './tenant-credentials.ts';

/** A tenant's keys, as far as the function has a part in them. */
export interface TenantKeys {
  readonly branches: BranchKeys;
  /** The key of the tenant's blind indexes. */
  readonly index: KeyObject;
}

/** Keys, opened by KMS and kept in memory for five minutes at most. */
export interface KeyRing {
  /** The compartments that the function has a part in: those for which it makes a new patient's keys. */
  readonly compartments: readonly Compartment[];
  /**
   * A tenant's keys; no call when they are in memory.
   * @throws ApiError `unavailable` when they cannot be opened, `integrity-failure` when one is not what was stored.
   */
  readonly tenantKeys: (tenant: string) => Promise<TenantKeys>;
  /**
   * A patient's keys; no call unless one is wrapped by an earlier branch key that is not in memory.
   * @throws ApiError `unavailable` or `integrity-failure` likewise.
   */
  readonly patientKeys: (stored: WrappedPatientKeys) => Promise<PatientKeys>;
}

/** What the key ring needs. */
export interface KeyRingOptions {
  readonly clientsFor: ClientsFor;
  readonly keyringTable: string;
  readonly fieldKeyArn: string;
  readonly compartments: readonly Compartment[];
  /** @default 200 */
  readonly maximumTenants?: number;
}

const lifetimeMilliseconds = 5 * 60 * 1000;
const keyLength = 32;

interface OpenedKeys {
  readonly index: KeyObject;
  readonly newest: ReadonlyMap<Branch, number>;
  /** By `<branch>.<version>`. */
  readonly keys: Map<string, KeyObject>;
}

const tampered = (cause?: unknown): ApiError =>
  new ApiError('integrity-failure', { policy: 'branch-keys', cause });

/** The KMS ciphertext of a branch key is bound to tenant and compartment by its encryption context. */
const decrypt = async (
  kms: KMSClient,
  fieldKeyArn: string,
  tenant: string,
  branch: Branch,
  item: Item,
): Promise<KeyObject> => {
  if (!item.key?.B) throw tampered();
  try {
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        KeyId: fieldKeyArn,
        CiphertextBlob: item.key.B,
        EncryptionContext: { tenant, compartment: branch },
      }),
    );
    if (Plaintext?.length !== keyLength) throw tampered();
    return keyFrom(Plaintext);
  } catch (error) {
    throw error instanceof Error && error.name === 'InvalidCiphertextException' ? tampered(error) : error;
  }
};

const versionIn = (item: Item): number => {
  const version = Number(item.version?.N);
  if (!Number.isInteger(version) || version < 1 || version > 0xffff) throw tampered();
  return version;
};

/** A key ring over the `keyring` table and KMS. */
export const keyRing = (options: KeyRingOptions): KeyRing => {
  const { clientsFor, keyringTable, fieldKeyArn, compartments, maximumTenants = 200 } = options;
  const kept = new Map<string, { readonly expiresAt: number; readonly keys: Promise<OpenedKeys> }>();
  const ours: readonly Branch[] = [...compartments, 'index'];

  const read = (tenant: string, keys: readonly ItemKey[]) =>
    batchGet(clientsFor(tenant).dynamodb, { [keyringTable]: keys });

  const load = async (tenant: string): Promise<OpenedKeys> => {
    const find = await read(
      tenant,
      ours.map((branch) => currentBranchKeyKey(tenant, branch)),
    );
    const { kms } = clientsFor(tenant);
    const open = async (branch: Branch) => {
      const item = find(keyringTable, currentBranchKeyKey(tenant, branch));
      if (item === undefined) throw new ApiError('unavailable', { policy: 'branch-keys' });
      const version = versionIn(item);
      return { branch, version, key: await decrypt(kms, fieldKeyArn, tenant, branch, item) };
    };
    const [index, opened] = await Promise.all([open('index'), Promise.all(compartments.map(open))]);
    return {
      index: index.key,
      newest: new Map(opened.map(({ branch, version }) => [branch, version])),
      keys: new Map(opened.map(({ branch, version, key }) => [`${branch}.${version}`, key])),
    };
  };

  const keysOf = (tenant: string): Promise<OpenedKeys> => {
    const known = kept.get(tenant);
    if (known && Date.now() < known.expiresAt) return known.keys;
    const entry = {
      expiresAt: Date.now() + lifetimeMilliseconds,
      keys: orUnavailable(() => load(tenant)),
    };
    entry.keys.catch(() => {
      if (kept.get(tenant) === entry) kept.delete(tenant);
    });
    kept.delete(tenant);
    kept.set(tenant, entry);
    const oldest = kept.keys().next();
    if (kept.size > maximumTenants && !oldest.done) kept.delete(oldest.value);
    return entry.keys;
  };

  const branchesOf = ({ newest, keys }: OpenedKeys): BranchKeys => ({
    of: (compartment, version) => keys.get(`${compartment}.${version}`),
    newest: (compartment): VersionedKey | undefined => {
      const version = newest.get(compartment) ?? 0;
      const key = keys.get(`${compartment}.${version}`);
      return key && { version, key };
    },
  });

  const openEarlier = (tenant: string, branch: Compartment, version: number): Promise<KeyObject> =>
    orUnavailable(async () => {
      const key = branchKeyKey(tenant, branch, version);
      const item = (await read(tenant, [key]))(keyringTable, key);
      if (item === undefined) throw tampered();
      return decrypt(clientsFor(tenant).kms, fieldKeyArn, tenant, branch, item);
    });

  return {
    compartments,
    tenantKeys: async (tenant) => {
      const opened = await keysOf(tenant);
      return { branches: branchesOf(opened), index: opened.index };
    },
    patientKeys: async (stored) => {
      const opened = await keysOf(stored.tenant);
      await Promise.all(
        branchVersionsOf(stored)
          .filter(({ compartment }) => compartments.includes(compartment))
          .filter(({ compartment, version }) => !opened.keys.has(`${compartment}.${version}`))
          .map(async ({ compartment, version }) => {
            const key = await openEarlier(stored.tenant, compartment, version);
            opened.keys.set(`${compartment}.${version}`, key);
          }),
      );
      return openPatientKeys(stored, branchesOf(opened));
    },
  };
};
