export { allergy } from './allergy.ts';
export { careTeamAssignment } from './care-team-assignment.ts';
export { patient } from './patient.ts';
export { vital } from './vital.ts';
