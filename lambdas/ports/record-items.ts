import type { NativeAttributeValue } from '@aws-sdk/util-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AccessItem } from '../domain/access-item.ts';
import { ApiError } from '../domain/api-error.ts';
import type { IdempotencyEntry } from '../domain/idempotency.ts';
import type { PatientAddress, WrappedPatientKeys } from '../domain/patient-keys.ts';
import type { ItemKey, RecordAddress } from '../domain/storage-keys.ts';
import { accessKey, idempotencyKey, patientKeysKey } from '../domain/storage-keys.ts';
import type { StoredRecord } from '../domain/stored-record.ts';
import type { Item } from './batch-get.ts';

type Attributes = Record<string, NativeAttributeValue>;

const malformed = (cause?: unknown): ApiError =>
  new ApiError('integrity-failure', { policy: 'item-format', cause });

const isText = (value: unknown): value is string => typeof value === 'string';
const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isBytesByName = (value: unknown): value is { readonly [name: string]: Uint8Array } =>
  typeof value === 'object' && value !== null && !isBytes(value) && Object.values(value).every(isBytes);

const attributesOf = (item: Item): Attributes => {
  try {
    return unmarshall(item);
  } catch (cause) {
    throw malformed(cause);
  }
};

const checked = <T>(value: unknown, is: (value: unknown) => value is T): T => {
  if (!is(value)) throw malformed();
  return value;
};

/** A record as an item, under its own key or its history's. */
export const recordItem = (key: ItemKey, record: StoredRecord): Item =>
  marshall({
    ...key,
    version: record.version,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    plain: record.plain,
    sealed: record.sealed,
    digests: record.digests,
    indexes: record.indexes,
    code: record.code,
  });

/**
 * A record from the item under its key: whose it is comes from where it was asked for, never from the item.
 * @throws ApiError `integrity-failure` when it has not the form of a record.
 */
export const recordFrom = (address: RecordAddress, item: Item): StoredRecord => {
  const { version, createdAt, updatedAt, plain, sealed, digests, indexes, code } = attributesOf(item);
  const { tenant, patient, resource, id } = address;
  return {
    tenant,
    patient,
    resource,
    id,
    version: checked(version, isVersion),
    createdAt: checked(createdAt, isText),
    updatedAt: checked(updatedAt, isText),
    plain: checked(plain, isText),
    sealed: checked(sealed, isBytesByName),
    digests: checked(digests, isBytesByName),
    indexes: checked(indexes, isTexts),
    code: checked(code, isBytes),
  };
};

/** An Access item as an item. */
export const accessItem = ({ tenant, patient, version, content, code }: AccessItem): Item =>
  marshall({ ...accessKey(tenant, patient), version, content, code });

/**
 * An Access item from the item under its key.
 * @throws ApiError `integrity-failure` when it has not the form of one.
 */
export const accessFrom = ({ tenant, patient }: PatientAddress, item: Item): AccessItem => {
  const { version, content, code } = attributesOf(item);
  return {
    tenant,
    patient,
    version: checked(version, isVersion),
    content: checked(content, isText),
    code: checked(code, isBytes),
  };
};

/** A patient's keys as an item: an attribute for each wrapped key. */
export const patientKeysItem = ({ tenant, patient, wrapped }: WrappedPatientKeys): Item =>
  marshall({ ...patientKeysKey(tenant, patient), ...wrapped });

/**
 * A patient's keys from the item under their key.
 * @throws ApiError `integrity-failure` when it has not the form of wrapped keys.
 */
export const patientKeysFrom = ({ tenant, patient }: PatientAddress, item: Item): WrappedPatientKeys => {
  const { pk: _pk, sk: _sk, ...wrapped } = attributesOf(item);
  return { tenant, patient, wrapped: checked(wrapped, isBytesByName) };
};

/** What is remembered of a request, as an item that DynamoDB removes some time after it has expired. */
export const idempotencyItem = (entry: IdempotencyEntry): Item => {
  const { tenant, digest, body, id, version, expiresAt, code } = entry;
  return marshall({ ...idempotencyKey(tenant, digest), body, id, version, ttl: expiresAt, code });
};

/**
 * What is remembered of a request, from the item under its key.
 * @throws ApiError `integrity-failure` when it has not the form of it.
 */
export const idempotencyFrom = (
  { tenant, digest }: Pick<IdempotencyEntry, 'tenant' | 'digest'>,
  item: Item,
): IdempotencyEntry => {
  const { body, id, version, ttl, code } = attributesOf(item);
  return {
    tenant,
    digest,
    body: checked(body, isBytes),
    id: checked(id, isText),
    version: checked(version, isVersion),
    expiresAt: checked(ttl, isVersion),
    code: checked(code, isBytes),
  };
};
