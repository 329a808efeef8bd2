import type { AnyResource } from '../define/define-resource.ts';
import { careTeamAssignment } from './care-team-assignment.ts';
import { patient } from './patient.ts';
import { vital } from './vital.ts';

/** Every resource of the platform; a new one is its file and one line here. */
export const resources: readonly AnyResource[] = [patient, careTeamAssignment, vital];
