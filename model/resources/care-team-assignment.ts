import type { InputOf, RecordOf } from '../define/define-resource.ts';
import { defineResource, patientReference } from '../define/define-resource.ts';
import { field } from '../define/field.ts';

/** A treatment relationship: a workforce member cares for a patient during a period (https://hl7.org/fhir/R4/careteam.html). */
export const careTeamAssignment = defineResource({
  name: 'CareTeamAssignment',
  description:
    'A treatment relationship between a workforce member and a patient; it ends, and is never deleted.',
  capability: 'clinical',
  path: '/care-team-assignments',
  subject: 'patient',
  compartment: 'clinical',
  fields: {
    patient: patientReference,
    member: field(
      { type: 'string', format: 'uuid', maxLength: 36 },
      { classification: 'internal', description: "The member's subject.", setBy: 'creator' },
    ),
    role: field(
      { type: 'string', enum: ['physician', 'nurse', 'therapist', 'pharmacist', 'coordinator'] },
      {
        classification: 'internal',
        description: "The member's function in the team (FHIR CareTeam.participant.role).",
      },
    ),
    period: field(
      {
        type: 'object',
        additionalProperties: false,
        required: ['start'],
        properties: {
          start: { type: 'string', format: 'date-time', maxLength: 40 },
          end: { type: 'string', format: 'date-time', maxLength: 40 },
        },
      },
      {
        classification: 'internal',
        description: 'From when, and until when, the member has access (FHIR Period).',
      },
    ),
  },
  summary: ['id', 'patient', 'member', 'role', 'period'],
  relationship: {
    member: 'member',
    period: 'period',
    joins: { provider: { role: 'physician' }, nurse: { role: 'nurse' } },
  },
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
  },
  example: {
    patient: '01JD0000000000000000000000',
    member: '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11',
    role: 'physician',
    period: { start: '2026-01-05T08:00:00Z' },
  },
});

/** A care-team assignment's record. */
export type CareTeamAssignment = RecordOf<typeof careTeamAssignment>;
/** What creates a care-team assignment. */
export type CareTeamAssignmentInput = InputOf<typeof careTeamAssignment>;
