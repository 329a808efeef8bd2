import { expect, test } from 'vitest';
import { newPatientId, newRecordId, patientOf } from '../../../lambdas/domain/identifiers.ts';
import { idPattern } from '../../../model/define/define-resource.ts';

const patientResource = { subject: 'id' } as const;
const chartResource = { subject: 'patient' } as const;

test('ids are FHIR ids of the declared form', () => {
  const patient = newPatientId();
  const record = newRecordId(patient, new Date());
  for (const id of [patient, record]) {
    expect(id).toMatch(new RegExp(idPattern));
    expect(id).toMatch(/^[A-Za-z0-9.-]{1,64}$/);
  }
});

test('patient ids are random: 1,000 are different and use every character', () => {
  const ids = Array.from({ length: 1000 }, newPatientId);
  expect(new Set(ids).size).toBe(1000);
  expect(new Set(ids.join('')).size).toBe(32);
});

test('record ids of a patient sort in recording order, and differ in the same millisecond', () => {
  const [first, second] = [newRecordId('P', new Date(1000)), newRecordId('P', new Date(2000))];
  expect(first < second).toBe(true);
  expect(newRecordId('P', new Date(1000))).not.toBe(first);
});

test('an id leads to its patient', () => {
  const patient = newPatientId();
  expect(patientOf(patientResource, patient)).toBe(patient);
  expect(patientOf(chartResource, newRecordId(patient, new Date()))).toBe(patient);
});

test.each([
  ['a record id where a patient id belongs', patientResource, newRecordId(newPatientId(), new Date())],
  ['a patient id where a record id belongs', chartResource, newPatientId()],
  ['empty', patientResource, ''],
  ['lower case', patientResource, newPatientId().toLowerCase()],
  ['a character too many', patientResource, `${newPatientId()}0`],
  ['a character before it', patientResource, ` ${newPatientId()}`],
  ['a line feed after it', patientResource, `${newPatientId()}\n`],
  ['a key separator in it', patientResource, `${newPatientId().slice(0, 25)}#`],
  ['a character before a record id', chartResource, `x${newRecordId(newPatientId(), new Date())}`],
  ['a character after a record id', chartResource, `${newRecordId(newPatientId(), new Date())}x`],
])('no id: %s', (_, resource, id) => {
  expect(patientOf(resource, id)).toBeUndefined();
});
