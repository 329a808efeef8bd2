import type { Branch } from '../../model/vocabulary.ts';

/** The primary key of an item. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** Which record: its tenant, its patient, its type and its id. */
export interface RecordAddress {
  readonly tenant: string;
  readonly patient: string;
  readonly resource: string;
  readonly id: string;
}

const tenantPart = (tenant: string): string => {
  if (!/^[a-z0-9]{12}$/.test(tenant)) throw new TypeError('not a tenant id');
  return `T#${tenant}`;
};

/** The partition of a patient's chart. */
export const patientPartition = (tenant: string, patient: string): string =>
  `${tenantPart(tenant)}#P#${patient}`;

/** What every sort key of a resource's records starts with. */
export const resourcePrefix = (resource: string): string => `${resource}#`;

/** The key of a record's current version. */
export const recordKey = ({ tenant, patient, resource, id }: RecordAddress): ItemKey => ({
  pk: patientPartition(tenant, patient),
  sk: `${resourcePrefix(resource)}${id}`,
});

/** The key of the kept copy of a record's earlier version. */
export const historyKey = (address: RecordAddress, version: number): ItemKey => ({
  pk: patientPartition(address.tenant, address.patient),
  sk: `H#${address.resource}#${address.id}#${String(version).padStart(10, '0')}`,
});

/** The key of the item that holds what decisions about a patient's chart need. */
export const accessKey = (tenant: string, patient: string): ItemKey => ({
  pk: patientPartition(tenant, patient),
  sk: 'ACCESS',
});

/** The partition of a blind-index value. */
export const indexPartition = (tenant: string, entry: string): string => `${tenantPart(tenant)}#X#${entry}`;

/** The key of a blind-index entry of a record. */
export const indexKey = (
  { tenant, resource, id }: Omit<RecordAddress, 'patient'>,
  entry: string,
): ItemKey => ({
  pk: indexPartition(tenant, entry),
  sk: `${resourcePrefix(resource)}${id}`,
});

/** The key of what is remembered of a request with an `Idempotency-Key`. */
export const idempotencyKey = (tenant: string, digest: string): ItemKey => ({
  pk: `${tenantPart(tenant)}#I#${digest}`,
  sk: 'I',
});

/** The key of all wrapped keys of a patient. */
export const patientKeysKey = (tenant: string, patient: string): ItemKey => ({
  pk: patientPartition(tenant, patient),
  sk: 'KEYS',
});

const branchPartition = (tenant: string, branch: Branch): string => `${tenantPart(tenant)}#B#${branch}`;

/** The key of one version of a branch key. */
export const branchKeyKey = (tenant: string, branch: Branch, version: number): ItemKey => ({
  pk: branchPartition(tenant, branch),
  sk: `v${String(version).padStart(6, '0')}`,
});

/** The key of the branch key version that wraps new keys. */
export const currentBranchKeyKey = (tenant: string, branch: Branch): ItemKey => ({
  pk: branchPartition(tenant, branch),
  sk: 'CURRENT',
});
