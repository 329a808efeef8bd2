import { trainingRecord } from '../domain/person-changes.ts';
import { changePerson } from './change-person.ts';

/** Records a training; scopes follow it from the person's next token on, so that no session needs to end. */
export const recordTraining = changePerson({
  change: (body) => trainingRecord((body as { readonly trainedOn: string }).trainedOn),
  keepsSessions: true,
});
