import { ApiError } from '../domain/api-error.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { userView } from './list-users.ts';
import type { Run } from './run.ts';

/** Reads one person of the caller's tenant; a patient's address is health information and is not told here. */
export const readUser: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async ({ principal, facts, pathParameters }, _fetched, { accounts, directory }) => {
    const { id = '' } = pathParameters;
    Object.assign(facts, { resource: 'Principal', resourceId: id });
    const person = await directory.principal(id);
    if (principal === undefined || person?.tenant !== principal.tenant || person.role === 'system')
      throw new ApiError('not-found', { policy: 'person.tenant' });
    const email = person.role === 'patient' ? undefined : await accounts.emailOf(id);
    if (email !== undefined) facts.disclosed = ['email'];
    return { status: 200, body: { ...userView(person), ...(email !== undefined && { email }) } };
  },
};
