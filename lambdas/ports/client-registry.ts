import { ApiError } from '../domain/api-error.ts';
import type { DirectoryClient } from '../domain/directory-entry.ts';
import type { Principal } from '../domain/principal.ts';
import type { Directory } from './directory.ts';

/** Whose token it is, as far as its client goes. */
export type ClientHolder = Pick<Principal, 'client' | 'tenant' | 'role'>;

/** Which clients' tokens are accepted. */
export interface ClientRegistry {
  /**
   * Accepts a token of the façade's client, or of a client that is registered for the token's tenant and role.
   * @returns the registration; nothing for the façade's client.
   * @throws ApiError `unauthenticated` for any other.
   */
  readonly accept: (holder: ClientHolder, now: Date) => Promise<DirectoryClient | undefined>;
}

/** Milliseconds that a registration is remembered: for so long at most a removed client's token is still accepted. */
export const registrationLife = 30_000;
const rememberedClients = 500;

interface Remembered {
  readonly client: DirectoryClient | undefined;
  readonly until: number;
}

const isFor = (client: DirectoryClient, { tenant, role }: ClientHolder): boolean =>
  client.status === 'active' &&
  client.tenant === tenant &&
  (client.kind === 'machine') === (role === 'system');

/** The registry of the directory, each of whose clients is read again after thirty seconds. */
export const clientRegistry = (options: {
  /** The façade's clients, through which persons sign in; they are not registered. */
  readonly own: ReadonlySet<string>;
  readonly directory: Pick<Directory, 'client'>;
}): ClientRegistry => {
  const remembered = new Map<string, Remembered>();
  const registration = async (id: string, now: number): Promise<DirectoryClient | undefined> => {
    const known = remembered.get(id);
    if (known !== undefined && known.until > now) return known.client;
    const client = await options.directory.client(id);
    remembered.delete(id);
    const oldest = remembered.size >= rememberedClients ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(id, { client, until: now + registrationLife });
    return client;
  };
  return {
    accept: async (holder, now) => {
      if (options.own.has(holder.client) && holder.role !== 'system') return undefined;
      const client = await registration(holder.client, now.getTime());
      if (client === undefined || !isFor(client, holder))
        throw new ApiError('unauthenticated', { policy: 'token.client' });
      return client;
    },
  };
};
