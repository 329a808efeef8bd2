import type { InputOf, RecordOf } from '../define/define-resource.ts';
import { defineResource } from '../define/define-resource.ts';
import { field } from '../define/field.ts';

/** Letters of any script with their marks, and the punctuation that names use. */
const personName = "^[\\p{L}\\p{M}][\\p{L}\\p{M}\\p{Pd}\\p{Zs}'’.,·]*$";
const line = { type: 'string', minLength: 1, maxLength: 200, pattern: '^\\P{C}+$' } as const;
const short = { ...line, maxLength: 64 } as const;

/** A person who receives care (https://hl7.org/fhir/R4/patient.html). */
export const patient = defineResource({
  name: 'Patient',
  description: 'A person who receives care.',
  capability: 'clinical',
  path: '/patients',
  subject: 'id',
  compartment: 'identity',
  fields: {
    name: field(
      {
        type: 'object',
        additionalProperties: false,
        required: ['family', 'given'],
        properties: {
          family: { type: 'string', minLength: 1, maxLength: 100, pattern: personName },
          given: {
            type: 'array',
            minItems: 1,
            maxItems: 10,
            items: { type: 'string', minLength: 1, maxLength: 100, pattern: personName },
          },
        },
      },
      {
        classification: 'identifier',
        description: 'Family and given names, in any script (FHIR HumanName).',
      },
    ),
    birthDate: field(
      { type: 'string', format: 'past-date', maxLength: 10 },
      { classification: 'identifier', description: 'Date of birth, in the past.' },
    ),
    gender: field(
      { type: 'string', enum: ['male', 'female', 'other', 'unknown'] },
      { classification: 'phi', description: 'Administrative gender (FHIR administrative-gender).' },
    ),
    mrn: field(
      { type: 'string', minLength: 1, maxLength: 32, pattern: '^[A-Za-z0-9][A-Za-z0-9.-]*$' },
      {
        classification: 'identifier',
        description: 'Medical record number of this tenant (FHIR identifier type MR).',
      },
    ),
    ssn: field(
      { type: 'string', maxLength: 11, pattern: '^(?!000|666|9)\\d{3}-?(?!00)\\d{2}-?(?!0000)\\d{4}$' },
      {
        classification: 'identifier',
        description: 'United States Social Security number.',
        presence: 'optional',
      },
    ),
    email: field(
      { type: 'string', format: 'email', maxLength: 254 },
      { classification: 'identifier', description: 'E-mail address.', presence: 'optional' },
    ),
    phone: field(
      { type: 'string', maxLength: 24, pattern: '^\\+?[0-9][0-9 ().-]{4,22}$' },
      { classification: 'identifier', description: 'Telephone number.', presence: 'optional' },
    ),
    address: field(
      {
        type: 'object',
        additionalProperties: false,
        required: ['line', 'city', 'country'],
        properties: {
          line: { type: 'array', minItems: 1, maxItems: 4, items: line },
          city: short,
          state: short,
          postalCode: { type: 'string', maxLength: 16, pattern: '^[A-Za-z0-9][A-Za-z0-9 -]*$' },
          country: { type: 'string', maxLength: 2, pattern: '^[A-Z]{2}$' },
        },
      },
      { classification: 'identifier', description: 'Postal address (FHIR Address).', presence: 'optional' },
    ),
    identifier: field(
      {
        type: 'array',
        maxItems: 20,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['system', 'value'],
          properties: {
            system: { type: 'string', maxLength: 200, pattern: '^(https?://|urn:)[\\x21-\\x7e]+$' },
            value: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[\\x21-\\x7e]+$' },
          },
        },
      },
      {
        classification: 'identifier',
        description: 'Identifiers given by other systems (FHIR Identifier).',
        presence: 'optional',
      },
    ),
    insurance: field(
      {
        type: 'object',
        additionalProperties: false,
        required: ['payor', 'subscriberId'],
        properties: {
          payor: line,
          subscriberId: { type: 'string', maxLength: 40, pattern: '^[A-Za-z0-9][A-Za-z0-9.-]*$' },
        },
      },
      {
        classification: 'identifier',
        description: "Payor and the subscriber's id there (FHIR Coverage.payor, Coverage.subscriberId).",
        presence: 'optional',
      },
    ),
  },
  summary: ['id', 'name'],
  indexes: {
    mrn: { by: { mrn: { path: 'mrn', canonical: 'text' } } },
    ssn: { by: { ssn: { path: 'ssn', canonical: 'digits' } } },
    email: { by: { email: { path: 'email', canonical: 'text' } } },
    nameAndBirthDate: {
      by: {
        family: { path: 'name.family', canonical: 'text' },
        birthDate: { path: 'birthDate', canonical: 'digits' },
      },
    },
    identifier: {
      each: 'identifier',
      by: { system: { path: 'system', canonical: 'text' }, value: { path: 'value', canonical: 'text' } },
    },
  },
  permissions: {
    admin: [
      {
        interactions: ['create', 'read', 'update', 'search'],
        purposes: ['HOPERAT', 'TREAT', 'HPAYMT'],
        reach: 'tenant',
        discloses: '*',
        writes: '*',
      },
    ],
    provider: [
      {
        interactions: ['create', 'read', 'update', 'search'],
        purposes: ['TREAT'],
        reach: 'careTeam',
        discloses: '*',
        writes: '*',
      },
      {
        interactions: ['read', 'search'],
        purposes: ['HPAYMT'],
        reach: 'careTeam',
        discloses: ['id', 'name', 'birthDate', 'mrn', 'insurance'],
      },
    ],
    nurse: [
      {
        interactions: ['read', 'search'],
        purposes: ['TREAT'],
        reach: 'careTeam',
        discloses: ['id', 'name', 'birthDate', 'gender', 'mrn', 'phone', 'email', 'address'],
      },
    ],
    billing: [
      {
        interactions: ['read', 'search'],
        purposes: ['HPAYMT'],
        reach: 'tenant',
        discloses: ['id', 'name', 'birthDate', 'mrn', 'address', 'insurance'],
      },
    ],
    patient: [
      { interactions: ['read'], purposes: ['PATRQT'], reach: 'self', discloses: '*' },
      {
        interactions: ['update'],
        purposes: ['PATRQT'],
        reach: 'self',
        discloses: '*',
        writes: ['email', 'phone', 'address'],
      },
    ],
    system: [
      {
        interactions: ['create', 'read', 'update', 'search'],
        purposes: ['HOPERAT', 'TREAT'],
        reach: 'tenant',
        discloses: [
          'id',
          'name',
          'birthDate',
          'gender',
          'mrn',
          'email',
          'phone',
          'address',
          'identifier',
          'insurance',
        ],
        writes: [
          'name',
          'birthDate',
          'gender',
          'mrn',
          'email',
          'phone',
          'address',
          'identifier',
          'insurance',
        ],
      },
    ],
  },
  example: {
    name: { family: "O'Brien", given: ['José', 'Niamh'] },
    birthDate: '1984-02-29',
    gender: 'female',
    mrn: 'SYN-000042',
    ssn: '219-09-9999',
    email: 'jose.obrien@example.org',
    phone: '+1 555 0100',
    address: {
      line: ['1 Example Street'],
      city: 'Springfield',
      state: 'IL',
      postalCode: '62701',
      country: 'US',
    },
    identifier: [{ system: 'urn:oid:2.999.1', value: 'EXT-7' }],
    insurance: { payor: 'Example Health Plan', subscriberId: 'SUB-000042' },
  },
});

/** A patient's record. */
export type Patient = RecordOf<typeof patient>;
/** What creates a patient. */
export type PatientInput = InputOf<typeof patient>;
