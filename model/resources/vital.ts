import type { InputOf, RecordOf } from '../define/define-resource.ts';
import { defineResource, patientReference } from '../define/define-resource.ts';
import { field } from '../define/field.ts';

/** One measured vital sign (https://hl7.org/fhir/R4/observation-vitalsigns.html). */
export const vital = defineResource({
  name: 'Vital',
  description: 'One measured vital sign.',
  capability: 'clinical',
  path: '/vitals',
  subject: 'patient',
  compartment: 'clinical',
  fields: {
    patient: patientReference,
    code: field(
      { type: 'string', maxLength: 10, pattern: '^[0-9]{1,7}-[0-9]$' },
      { classification: 'phi', description: 'What was measured, as a LOINC code (FHIR Observation.code).' },
    ),
    valueQuantity: field(
      {
        type: 'object',
        additionalProperties: false,
        required: ['value', 'code'],
        properties: {
          value: { type: 'number', minimum: -1000000, maximum: 1000000 },
          code: { type: 'string', minLength: 1, maxLength: 32, pattern: '^[\\x21-\\x7e]+$' },
        },
      },
      {
        classification: 'phi',
        description: 'The measured value, with its UCUM unit as `code` (FHIR Quantity).',
      },
    ),
    effectiveDateTime: field(
      { type: 'string', format: 'date-time', maxLength: 40 },
      { classification: 'identifier', description: 'When it was measured.' },
    ),
  },
  summary: ['id', 'patient', 'code'],
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
        interactions: ['create', 'read', 'search'],
        purposes: ['TREAT'],
        reach: 'careTeam',
        discloses: '*',
        writes: '*',
      },
    ],
    nurse: [
      {
        interactions: ['create', 'read', 'update', 'search'],
        purposes: ['TREAT'],
        reach: 'careTeam',
        discloses: '*',
        writes: '*',
      },
    ],
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
    code: '8867-4',
    valueQuantity: { value: 72, code: '/min' },
    effectiveDateTime: '2026-01-05T08:30:00Z',
  },
});

/** A vital sign's record. */
export type Vital = RecordOf<typeof vital>;
/** What creates a vital sign. */
export type VitalInput = InputOf<typeof vital>;
