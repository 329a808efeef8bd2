import type { AccessContent, AccessItem } from './access-item.ts';
import { ApiError } from './api-error.ts';
import { authenticationCode, isAuthentic } from './authentication-code.ts';
import { canonicalForm } from './canonical-form.ts';
import { frame } from './framing.ts';
import type { PatientKeys } from './patient-keys.ts';
import { envelopeOverhead, tagOf } from './seal.ts';
import type { ItemKey } from './storage-keys.ts';
import { accessKey, historyKey, recordKey } from './storage-keys.ts';
import type { StoredRecord, Verified } from './stored-record.ts';
import type { VersionedKey } from './versioned-key.ts';

const refuse = (policy: string): ApiError => new ApiError('integrity-failure', { policy });

const recordMessage = ({ pk, sk }: ItemKey, record: Omit<StoredRecord, 'code'>): Buffer => {
  const sealed = Object.entries(record.sealed).sort(([one], [other]) => (one < other ? -1 : 1));
  if (sealed.length !== Object.keys(record.digests).length) throw refuse('item-authentication');
  return frame(
    'chartlock record',
    pk,
    sk,
    String(record.version),
    record.createdAt,
    record.updatedAt,
    record.plain,
    String(record.indexes.length),
    ...record.indexes,
    ...sealed.flatMap(([field, envelope]) => {
      const digest = record.digests[field];
      if (digest === undefined || envelope.length <= envelopeOverhead) throw refuse('item-authentication');
      return [field, tagOf(envelope), digest];
    }),
  );
};

const authenticated = (
  key: ItemKey,
  record: Omit<StoredRecord, 'code'>,
  integrity: VersionedKey,
): Verified<StoredRecord> => {
  const stored: StoredRecord = { ...record, code: authenticationCode(integrity, recordMessage(key, record)) };
  return stored as Verified<StoredRecord>;
};

/** A record's current version with its authentication code, under the patient's `integrity` key. */
export const authenticateRecord = (
  record: Omit<StoredRecord, 'code'>,
  integrity: VersionedKey,
): Verified<StoredRecord> => authenticated(recordKey(record), record, integrity);

/** The copy of a record that its history keeps: the same envelopes, authenticated under its own key. */
export const authenticateHistory = (
  record: Verified<StoredRecord>,
  integrity: VersionedKey,
): Verified<StoredRecord> => authenticated(historyKey(record, record.version), record, integrity);

const verified = (key: ItemKey, record: StoredRecord, keys: PatientKeys): Verified<StoredRecord> => {
  if (!isAuthentic(record.code, recordMessage(key, record), keys.of('integrity')))
    throw refuse('item-authentication');
  return record as Verified<StoredRecord>;
};

/**
 * Checks that a record is exactly what was stored under its key: version, plain attributes, index entries, digests, and
 * by their tags all envelopes.
 * @throws ApiError `integrity-failure` when it is not.
 */
export const verifyRecord = (record: StoredRecord, keys: PatientKeys): Verified<StoredRecord> =>
  verified(recordKey(record), record, keys);

/**
 * Checks a record's kept copy likewise.
 * @throws ApiError `integrity-failure` when it is not what was stored under its key.
 */
export const verifyHistory = (record: StoredRecord, keys: PatientKeys): Verified<StoredRecord> =>
  verified(historyKey(record, record.version), record, keys);

const accessMessage = ({ tenant, patient, version, content }: Omit<AccessItem, 'code'>): Buffer => {
  const { pk, sk } = accessKey(tenant, patient);
  return frame('chartlock access', pk, sk, String(version), content);
};

/** An Access item of this content and version, with its authentication code under the patient's `integrity` key. */
export const authenticateAccess = (
  { tenant, patient, version }: Pick<AccessItem, 'tenant' | 'patient' | 'version'>,
  content: AccessContent,
  integrity: VersionedKey,
): AccessItem => {
  const item = { tenant, patient, version, content: canonicalForm(content) };
  return { ...item, code: authenticationCode(integrity, accessMessage(item)) };
};

/**
 * Checks an Access item, and only then reads it.
 * @throws ApiError `integrity-failure` when it is not exactly what was stored for this patient.
 */
export const verifyAccess = (item: AccessItem, keys: PatientKeys): AccessContent => {
  if (!isAuthentic(item.code, accessMessage(item), keys.of('integrity'))) throw refuse('access-item');
  return JSON.parse(item.content) as AccessContent;
};
