import type { KeyObject } from 'node:crypto';
import type { AnyResource } from '../../model/define/define-resource.ts';
import { compartmentOf, indexPlans, plainFields, sealedFields } from '../../model/derive/storage.ts';
import type { Compartment } from '../../model/vocabulary.ts';
import type { FieldChange } from './audit-entry.ts';
import { indexEntriesOf } from './blind-index.ts';
import { canonicalForm } from './canonical-form.ts';
import { fieldDigest } from './field-digest.ts';
import { authenticateRecord } from './item-authentication.ts';
import type { PatientKeys } from './patient-keys.ts';
import { newestKey } from './patient-keys.ts';
import { seal, unseal } from './seal.ts';
import type { RecordAddress } from './storage-keys.ts';
import type { StoredRecord, Verified } from './stored-record.ts';

/** A record's values, by field; one without a value is absent. */
export interface Values {
  readonly [field: string]: unknown;
}

/** The keys that content is written with. */
export interface WritingKeys {
  readonly patient: PatientKeys;
  /** The tenant's blind-index key. */
  readonly index: KeyObject;
}

/** A record's next version and how it differs from the one before. */
export interface RecordChange {
  readonly record: Verified<StoredRecord>;
  readonly changes: readonly FieldChange[];
  readonly addedIndexes: readonly string[];
  readonly removedIndexes: readonly string[];
}

/** The fields that follow from a record's address and are stored in its key only. */
const addressFields = (resource: AnyResource, { id, patient }: RecordAddress): Values =>
  resource.subject === 'patient' ? { id, patient } : { id };

const storedPlainFields = (resource: AnyResource): readonly string[] => {
  const addressed = ['id', resource.subject];
  return plainFields(resource).filter((field) => !addressed.includes(field));
};

/** The values of a record that are not sealed. */
export const plainValues = (resource: AnyResource, record: Verified<StoredRecord>): Values => ({
  ...(JSON.parse(record.plain) as Values),
  ...addressFields(resource, record),
});

/**
 * The values of some of a record's fields; no other field is opened.
 * @throws ApiError `integrity-failure` when an envelope is not what was sealed there.
 */
export const openFields = (
  resource: AnyResource,
  record: Verified<StoredRecord>,
  fields: readonly string[],
  keys: PatientKeys,
): Values => {
  const plain = plainValues(resource, record);
  return Object.fromEntries(
    fields.flatMap((field) => {
      const compartment = compartmentOf(resource, field);
      if (compartment === undefined) return plain[field] === undefined ? [] : [[field, plain[field]]];
      const envelope = record.sealed[field];
      return envelope ? [[field, unseal(envelope, { ...record, field }, keys.of(compartment))]] : [];
    }),
  );
};

interface Sealed {
  readonly envelope: Uint8Array;
  readonly digest: Uint8Array;
}

const pick = <K extends keyof Sealed>(entries: ReadonlyMap<string, Sealed>, member: K) =>
  Object.fromEntries([...entries].map(([field, sealed]) => [field, sealed[member]]));

const text = (digest: Uint8Array): string => Buffer.from(digest).toString('base64url');

const changeOf = (field: string, before?: Uint8Array, after?: Uint8Array): FieldChange[] =>
  (before && after && Buffer.compare(before, after) === 0) || (!before && !after)
    ? []
    : [{ field, ...(before && { before: text(before) }), ...(after && { after: text(after) }) }];

/** A record's first version, each sealed field in its own envelope. */
export const createRecord = (
  resource: AnyResource,
  address: RecordAddress,
  values: Values,
  keys: WritingKeys,
  now: Date,
): RecordChange => {
  const nothing = { ...address, version: 0, createdAt: now.toISOString(), plain: '{}' };
  return change(
    resource,
    { ...nothing, sealed: {}, digests: {}, indexes: [] },
    Object.keys(resource.fields),
    values,
    keys,
    now,
  );
};

/**
 * A record's next version, in which `values` replace all of the fields `writes`. Other fields keep their envelopes, and so
 * does a field whose digest shows it unchanged; nothing is opened.
 */
export const replaceFields = (
  resource: AnyResource,
  current: Verified<StoredRecord>,
  writes: readonly string[],
  values: Values,
  keys: WritingKeys,
  now: Date,
): RecordChange => change(resource, current, writes, values, keys, now);

type Base = Omit<StoredRecord, 'code' | 'updatedAt'>;

const change = (
  resource: AnyResource,
  base: Base,
  writes: readonly string[],
  values: Values,
  keys: WritingKeys,
  now: Date,
): RecordChange => {
  const { tenant, patient, id } = base;
  const address = { tenant, patient, resource: resource.name, id };
  const integrity = newestKey(keys.patient, 'integrity');
  const digestOf = (field: string, value: unknown): Uint8Array | undefined =>
    value === undefined ? undefined : fieldDigest(value, { ...address, field }, integrity);
  const sealField = (field: string): Uint8Array =>
    seal(
      values[field],
      { ...address, field },
      newestKey(keys.patient, compartmentOf(resource, field) as Compartment),
    );

  const before = JSON.parse(base.plain) as Values;
  const plain: Record<string, unknown> = { ...before };
  const changes: FieldChange[] = [];
  for (const field of storedPlainFields(resource)) {
    if (!writes.includes(field)) continue;
    plain[field] = values[field];
    changes.push(...changeOf(field, digestOf(field, before[field]), digestOf(field, values[field])));
  }

  const sealed = new Map<string, Sealed>();
  for (const field of sealedFields(resource)) {
    const envelope = base.sealed[field];
    const kept = envelope && { envelope, digest: base.digests[field] ?? new Uint8Array() };
    if (!writes.includes(field)) {
      if (kept) sealed.set(field, kept);
      continue;
    }
    const next = digestOf(field, values[field]);
    const difference = changeOf(field, kept?.digest, next);
    changes.push(...difference);
    if (next === undefined) continue;
    const unchanged = difference.length === 0 ? kept : undefined;
    sealed.set(field, unchanged ?? { envelope: sealField(field), digest: next });
  }

  const indexes = indexPlans(resource).flatMap((plan) =>
    isIndexable(resource, plan.fields, writes)
      ? indexEntriesOf(tenant, plan, { ...plain, ...values }, keys.index)
      : base.indexes.filter((entry) => entry.startsWith(`${plan.id}#`)),
  );
  const record = authenticateRecord(
    {
      ...address,
      version: base.version + 1,
      createdAt: base.createdAt,
      updatedAt: now.toISOString(),
      plain: canonicalForm(plain),
      sealed: pick(sealed, 'envelope'),
      digests: pick(sealed, 'digest'),
      indexes,
    },
    integrity,
  );
  return {
    record,
    changes,
    addedIndexes: indexes.filter((entry) => !base.indexes.includes(entry)),
    removedIndexes: base.indexes.filter((entry) => !indexes.includes(entry)),
  };
};

/**
 * Whether a write that sets these fields computes an index anew: when it sets one of the index's fields.
 * @throws TypeError when the index also reads a sealed field that the write does not set, and so may not open.
 */
export const isIndexable = (
  resource: AnyResource,
  indexed: readonly string[],
  writes: readonly string[],
): boolean => {
  if (!indexed.some((field) => writes.includes(field))) return false;
  const missing = indexed.find(
    (field) => !writes.includes(field) && compartmentOf(resource, field) !== undefined,
  );
  if (missing !== undefined)
    throw new TypeError(`${resource.name}: ${missing} is indexed with fields that can be written without it`);
  return true;
};
