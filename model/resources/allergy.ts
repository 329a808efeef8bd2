import type { InputOf, RecordOf } from '../define/define-resource.ts';
import { defineResource, patientReference } from '../define/define-resource.ts';
import { field } from '../define/field.ts';

/** An allergy or intolerance (https://hl7.org/fhir/R4/allergyintolerance.html). */
export const allergy = defineResource({
  name: 'Allergy',
  description: 'An allergy or intolerance of a patient.',
  capability: 'clinical',
  path: '/allergies',
  subject: 'patient',
  compartment: 'clinical',
  fields: {
    patient: patientReference,
    code: field(
      { type: 'string', maxLength: 18, pattern: '^[1-9][0-9]{5,17}$' },
      {
        classification: 'phi',
        description: 'The substance, as a SNOMED CT concept id (FHIR AllergyIntolerance.code).',
      },
    ),
    category: field(
      { type: 'string', enum: ['food', 'medication', 'environment', 'biologic'] },
      { classification: 'phi', description: 'The kind of substance (FHIR AllergyIntolerance.category).' },
    ),
    clinicalStatus: field(
      { type: 'string', enum: ['active', 'inactive', 'resolved'] },
      {
        classification: 'phi',
        description: 'Whether it is a present risk (FHIR AllergyIntolerance.clinicalStatus).',
      },
    ),
    criticality: field(
      { type: 'string', enum: ['low', 'high', 'unable-to-assess'] },
      {
        classification: 'phi',
        description: 'The potential harm of a reaction (FHIR AllergyIntolerance.criticality).',
        presence: 'optional',
      },
    ),
    onsetDateTime: field(
      { type: 'string', format: 'past-date', maxLength: 10 },
      {
        classification: 'identifier',
        description: 'The day on which it was first noticed.',
        presence: 'optional',
      },
    ),
  },
  summary: ['id', 'patient', 'code', 'clinicalStatus', 'criticality'],
  permissions: {
    admin: [
      {
        interactions: ['create', 'read', 'update', 'search'],
        purposes: ['HOPERAT', 'TREAT'],
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
    ],
    nurse: [{ interactions: ['read', 'search'], purposes: ['TREAT'], reach: 'careTeam', discloses: '*' }],
    patient: [{ interactions: ['read', 'search'], purposes: ['PATRQT'], reach: 'self', discloses: '*' }],
    system: [
      {
        interactions: ['create', 'read', 'search'],
        purposes: ['HOPERAT', 'TREAT'],
        reach: 'tenant',
        discloses: '*',
        writes: '*',
      },
    ],
  },
  example: {
    patient: '01JD0000000000000000000000',
    code: '91935009',
    category: 'food',
    clinicalStatus: 'active',
    criticality: 'high',
    onsetDateTime: '2015-06-01',
  },
});

/** An allergy's record. */
export type Allergy = RecordOf<typeof allergy>;
/** What creates an allergy. */
export type AllergyInput = InputOf<typeof allergy>;
