import { ApiError } from '../domain/api-error.ts';
import { isCurrentTraining } from '../domain/training.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { changePerson } from './change-person.ts';
import type { Run } from './run.ts';

/** Records a training; scopes follow it from the person's next token on, so that no session needs to end. */
export const recordTraining: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: (request, _fetched, ports) => {
    const { trainedOn } = request.body as { readonly trainedOn: string };
    if (!isCurrentTraining(trainedOn, request.now)) throw new ApiError('training-required');
    return changePerson(request, () => ({ trainedOn }), ports);
  },
};
