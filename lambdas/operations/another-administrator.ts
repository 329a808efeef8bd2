import { ApiError } from '../domain/api-error.ts';
import { type DirectoryPrincipal, isExpired } from '../domain/directory-entry.ts';
import type { Directory } from '../ports/directory.ts';

/**
 * An administrator of a tenant who stays when another one goes.
 * @throws ApiError `conflict` when there is none: no tenant loses its last one.
 */
export const anotherAdministrator = async (
  { tenant, subject }: Pick<DirectoryPrincipal, 'tenant' | 'subject'>,
  now: Date,
  directory: Pick<Directory, 'members' | 'principals'>,
): Promise<DirectoryPrincipal> => {
  let after: string | undefined;
  do {
    const part = await directory.members(tenant, { after, limit: 1000 });
    const others = part.members.filter(
      (member) => member.role === 'admin' && member.status === 'active' && member.subject !== subject,
    );
    const known = await directory.principals(others.slice(0, 100).map((other) => other.subject));
    const stays = known.find((other) => other.status === 'active' && !isExpired(other, now));
    if (stays) return stays;
    after = part.after;
  } while (after !== undefined);
  throw new ApiError('conflict', { policy: 'admin.last' });
};
