import { expect, test } from 'vitest';
import { verifyRecord } from '../../../lambdas/domain/item-authentication.ts';
import {
  createRecord,
  isIndexable,
  openFields,
  plainValues,
  replaceFields,
} from '../../../lambdas/domain/record-content.ts';
import { permissionFor } from '../../../model/derive/permissions.ts';
import { indexPlans, sealedFields } from '../../../model/derive/storage.ts';
import { careTeamAssignment } from '../../../model/resources/care-team-assignment.ts';
import { patient } from '../../../model/resources/patient.ts';
import { vital } from '../../../model/resources/vital.ts';
import { resources } from '../../../model/resources.ts';
import { purposesOfUse, roles } from '../../../model/vocabulary.ts';
import { newKey, newPatient } from './keys.ts';

const one = newPatient();
const keys = { patient: one.keys, index: newKey().key };
const id = 'PATIENT0000000000000000001';
const address = { tenant: 'tenant000001', patient: id, resource: 'Patient', id };
const [born, changed] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-02T00:00:00Z')];
const { example } = patient;
const first = createRecord(patient, address, example, keys, born);
const all = Object.keys(patient.fields);
const adminUpdate = permissionFor(patient, 'admin', 'update', 'HOPERAT')?.writes ?? [];

test('a new record is version 1, authentic, with each PHI field in its own envelope', () => {
  expect(first.record.version).toBe(1);
  expect(first.record.createdAt).toBe('2026-01-01T00:00:00.000Z');
  expect(verifyRecord({ ...first.record }, one.keys)).toBeDefined();
  expect(Object.keys(first.record.sealed).sort()).toEqual([...sealedFields(patient)].sort());
  expect(first.record.plain).toBe('{}');
  expect(first.addedIndexes).toEqual(first.record.indexes);
  expect(first.removedIndexes).toEqual([]);
});

test('what was written opens again, and only the fields asked for', () => {
  expect(openFields(patient, first.record, all, one.keys)).toEqual({ ...example, id });
  const broken = { ...first.record.sealed, ssn: new Uint8Array(40) };
  const record = { ...first.record, sealed: broken };
  expect(openFields(patient, record, ['mrn'], one.keys)).toEqual({ mrn: example.mrn });
  expect(() => openFields(patient, record, ['ssn'], one.keys)).toThrow(
    expect.objectContaining({ code: 'integrity-failure' }),
  );
});

test('a creation names every field that it sets, with keyed digests after', () => {
  expect(first.changes.map(({ field }) => field).sort()).toEqual(Object.keys(example).sort());
  expect(first.changes.every(({ before, after }) => before === undefined && after !== undefined)).toBe(true);
  expect(JSON.stringify(first.changes)).not.toContain('Brien');
});

test('the internal fields of a chart record are plain; its id and patient lie in its key only', () => {
  const at = { ...address, resource: 'CareTeamAssignment', id: `${id}.A` };
  const { record } = createRecord(careTeamAssignment, at, careTeamAssignment.example, keys, born);
  expect(record.sealed).toEqual({});
  expect(Object.keys(JSON.parse(record.plain)).sort()).toEqual(['member', 'period', 'role']);
  expect(plainValues(careTeamAssignment, record)).toEqual({
    ...careTeamAssignment.example,
    patient: id,
    id: `${id}.A`,
  });
});

test('sealed fields of another compartment have another key', () => {
  const at = { ...address, resource: 'Vital', id: `${id}.V` };
  const { record } = createRecord(vital, at, vital.example, keys, born);
  const withoutClinical = {
    ...one.keys,
    of: (name: string) => (name === 'clinical' ? () => undefined : one.keys.of('integrity')),
  };
  expect(openFields(vital, record, ['code'], one.keys)).toEqual({ code: '8867-4' });
  expect(() => openFields(vital, record, ['code'], withoutClinical)).toThrow();
});

test('an update seals what changed, and keeps every other envelope', () => {
  const next = replaceFields(
    patient,
    first.record,
    adminUpdate,
    { ...example, phone: '+1 555 0199' },
    keys,
    changed,
  );
  expect(next.record.version).toBe(2);
  expect(next.record.createdAt).toBe('2026-01-01T00:00:00.000Z');
  expect(next.record.updatedAt).toBe('2026-01-02T00:00:00.000Z');
  expect(next.changes.map(({ field }) => field)).toEqual(['phone']);
  const kept = Object.keys(first.record.sealed).filter(
    (field) => next.record.sealed[field] === first.record.sealed[field],
  );
  expect(kept).toHaveLength(all.length - 2);
  expect(openFields(patient, next.record, ['phone'], one.keys)).toEqual({ phone: '+1 555 0199' });
  expect([next.addedIndexes, next.removedIndexes]).toEqual([[], []]);
});

test('an update opens nothing, not even an envelope that it keeps', () => {
  const broken = { ...first.record, sealed: { ...first.record.sealed, ssn: new Uint8Array(40) } };
  expect(() =>
    replaceFields(patient, broken, ['phone'], { phone: '+1 555 0199' }, keys, changed),
  ).not.toThrow();
});

test('a field that may be written and is absent is removed, with its index entry', () => {
  const { ssn: _, ...without } = example;
  const next = replaceFields(patient, first.record, adminUpdate, without, keys, changed);
  expect(next.record.sealed.ssn).toBeUndefined();
  expect(next.record.digests.ssn).toBeUndefined();
  expect(next.changes).toEqual([{ field: 'ssn', before: expect.any(String) }]);
  expect(next.removedIndexes).toEqual([expect.stringMatching(/^Patient\.ssn#/)]);
  expect(next.record.indexes).toHaveLength(first.record.indexes.length - 1);
});

test('a field that may not be written stays, with its index entry', () => {
  const next = replaceFields(
    patient,
    first.record,
    ['email', 'phone', 'address'],
    { email: 'new@example.org' },
    keys,
    changed,
  );
  expect(next.changes.map(({ field }) => field).sort()).toEqual(['address', 'email', 'phone']);
  expect(openFields(patient, next.record, ['ssn'], one.keys)).toEqual({ ssn: example.ssn });
  expect(next.removedIndexes).toEqual([expect.stringMatching(/^Patient\.email#/)]);
  expect(next.addedIndexes).toEqual([expect.stringMatching(/^Patient\.email#/)]);
});

test('the change of a plain field is named with its digests', () => {
  const at = { ...address, resource: 'CareTeamAssignment', id: `${id}.A` };
  const made = createRecord(careTeamAssignment, at, careTeamAssignment.example, keys, born);
  const next = replaceFields(
    careTeamAssignment,
    made.record,
    ['role', 'period'],
    { role: 'physician', period: { start: '2026-01-05T08:00:00Z', end: '2026-02-01T00:00:00Z' } },
    keys,
    changed,
  );
  expect(next.changes).toEqual([{ field: 'period', before: expect.any(String), after: expect.any(String) }]);
  expect(plainValues(careTeamAssignment, next.record).member).toBe(careTeamAssignment.example.member);
  const removed = replaceFields(careTeamAssignment, made.record, ['role'], {}, keys, changed);
  expect(plainValues(careTeamAssignment, removed.record).role).toBeUndefined();
});

test('a change back leaves another envelope but the same digest', () => {
  const there = replaceFields(patient, first.record, ['phone'], { phone: '+1 555 0199' }, keys, changed);
  const back = replaceFields(patient, there.record, ['phone'], { phone: example.phone }, keys, changed);
  expect(back.record.digests.phone).toEqual(first.record.digests.phone);
  expect(back.record.sealed.phone).not.toEqual(first.record.sealed.phone);
});

test('an index of which only a part may be written is refused rather than opened', () => {
  expect(isIndexable(patient, ['name', 'birthDate'], ['name', 'birthDate'])).toBe(true);
  expect(isIndexable(patient, ['name', 'birthDate'], ['phone'])).toBe(false);
  expect(() => isIndexable(patient, ['name', 'birthDate'], ['name'])).toThrow(TypeError);
});

test('no declared permission writes a part of an index', () => {
  for (const resource of resources)
    for (const role of roles)
      for (const purpose of purposesOfUse)
        for (const interaction of ['create', 'update'] as const) {
          const writes = permissionFor(resource, role, interaction, purpose)?.writes ?? [];
          for (const { fields } of indexPlans(resource))
            expect(() => isIndexable(resource, fields, writes)).not.toThrow();
        }
});

test('a field without a value is not among those opened, and not named as changed', () => {
  const values = { name: example.name, birthDate: example.birthDate, gender: example.gender, mrn: 'SYN-7' };
  const made = createRecord(patient, address, values, keys, born);
  expect(Object.keys(openFields(patient, made.record, ['mrn', 'phone'], one.keys))).toEqual(['mrn']);
  expect(made.changes.map(({ field }) => field).sort()).toEqual(Object.keys(values).sort());
  const next = replaceFields(patient, made.record, ['mrn', 'ssn'], { mrn: 'SYN-8' }, keys, changed);
  expect(Object.keys(next.record.sealed).sort()).toEqual(Object.keys(values).sort());
  expect(next.changes.map(({ field }) => field)).toEqual(['mrn']);
  const at = { ...address, resource: 'CareTeamAssignment', id: `${id}.A` };
  const { role: _, ...unnamed } = careTeamAssignment.example;
  const { record } = createRecord(careTeamAssignment, at, unnamed, keys, born);
  expect(Object.keys(openFields(careTeamAssignment, record, ['role', 'member'], one.keys))).toEqual([
    'member',
  ]);
});

test('what lies in the key is stored nowhere else, and is the address', () => {
  const at = { ...address, resource: 'CareTeamAssignment', id: `${id}.A` };
  const claimed = { ...careTeamAssignment.example, id: 'other', patient: 'other' };
  const { record } = createRecord(careTeamAssignment, at, claimed, keys, born);
  expect(Object.keys(JSON.parse(record.plain)).sort()).toEqual(['member', 'period', 'role']);
  expect(plainValues(careTeamAssignment, record)).toMatchObject({ id: `${id}.A`, patient: id });
  expect(createRecord(patient, address, { ...example, id: 'other' }, keys, born).record.plain).toBe('{}');
  expect(plainValues(patient, first.record)).toStrictEqual({ id });
});

test('an index may read plain fields that the write does not set', () => {
  const indexed = {
    ...careTeamAssignment,
    indexes: {
      memberAndRole: {
        by: {
          member: { path: 'member', canonical: 'text' },
          role: { path: 'role', canonical: 'text' },
        },
      },
    },
  } as const;
  const at = { ...address, resource: 'CareTeamAssignment', id: `${id}.A` };
  const made = createRecord(indexed, at, careTeamAssignment.example, keys, born);
  const next = replaceFields(indexed, made.record, ['role'], { role: 'other' }, keys, changed);
  const whole = { ...careTeamAssignment.example, role: 'other' };
  expect(next.record.indexes).toEqual(createRecord(indexed, at, whole, keys, born).record.indexes);
  expect(next.record.indexes).toHaveLength(1);
  expect(next.removedIndexes).toEqual(made.record.indexes);
});
