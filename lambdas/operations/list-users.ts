import { ApiError } from '../domain/api-error.ts';
import type { DirectoryPrincipal } from '../domain/directory-entry.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { cursorBehind, pageAsked } from './page.ts';
import type { Run } from './run.ts';

/** A person as the directory knows them. */
export const userView = ({
  subject,
  role,
  status,
  mfaEnrolledAt,
  trainedOn,
  grantExpiresAt,
}: DirectoryPrincipal) => ({
  id: subject,
  role,
  status,
  isEnrolled: mfaEnrolledAt !== undefined,
  ...(trainedOn !== undefined && { trainedOn }),
  ...(grantExpiresAt !== undefined && { grantExpiresAt }),
});

/** Lists the people of the caller's tenant, those who were removed too. */
export const listUsers: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, { directory, signIn }) => {
    const { principal } = request;
    if (principal === undefined) throw new ApiError('unauthenticated');
    const part = await pageAsked(request, signIn);
    const { members, after } = await directory.members(principal.tenant, part);
    const people = members.filter(({ role }) => role !== 'system').map(({ subject }) => subject);
    return {
      status: 200,
      body: {
        items: (await directory.principals(people)).map(userView),
        ...(after !== undefined && { cursor: await cursorBehind(request, after, signIn) }),
      },
    };
  },
};
