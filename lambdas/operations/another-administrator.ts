import { ApiError } from '../domain/api-error.ts';
import { type DirectoryPrincipal, isExpired } from '../domain/directory-entry.ts';
import { isTrained } from '../domain/training.ts';
import type { Directory } from '../ports/directory.ts';

type Ports = Pick<Directory, 'members' | 'principals'>;
type Known = Pick<DirectoryPrincipal, 'tenant' | 'subject'>;

/** An administrator of a tenant, other than this one, who can act; nothing when there is none. */
export const ableAdministrator = async (
  { tenant, subject }: Known,
  now: Date,
  directory: Ports,
): Promise<DirectoryPrincipal | undefined> => {
  let after: string | undefined;
  do {
    const part = await directory.members(tenant, { after, limit: 1000 });
    const others = part.members.filter((member) => member.role === 'admin' && member.subject !== subject);
    const known = await directory.principals(others.slice(0, 100).map((other) => other.subject));
    const able = known.find(
      (other) => other.status === 'active' && !isExpired(other, now) && isTrained(other, now),
    );
    if (able) return able;
    after = part.after;
  } while (after !== undefined);
  return undefined;
};

/**
 * The administrator of a tenant who stays when another one goes.
 * @throws ApiError `conflict` when there is none: no tenant loses its last one.
 */
export const anotherAdministrator = async (
  leaving: Known,
  now: Date,
  directory: Ports,
): Promise<DirectoryPrincipal> => {
  const stays = await ableAdministrator(leaving, now, directory);
  if (stays === undefined) throw new ApiError('conflict', { policy: 'admin.last' });
  return stays;
};
