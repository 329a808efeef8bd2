import type { Passkey } from '../domain/passkey.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { ownFactors } from './own-factors.ts';
import { cursorBehind, pageAsked } from './page.ts';
import type { Run } from './run.ts';
import { throughFacade } from './through-facade.ts';

const described = ({ id, name, backupEligible, createdAt, lastUsedAt }: Passkey) => ({
  id,
  ...(name !== undefined && { name }),
  backupEligible,
  createdAt,
  ...(lastUsedAt !== undefined && { lastUsedAt }),
});

/** Lists the caller's passkeys. */
export const listPasskeys: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { subject } = throughFacade(request, ports);
    const { after = '', limit } = await pageAsked(request, ports.signIn);
    const rest = (await ownFactors(subject, ports)).passkeys.filter(({ id }) => id > after);
    const page = rest.slice(0, limit);
    const last = rest.length > limit ? page.at(-1) : undefined;
    return {
      status: 200,
      body: {
        items: page.map(described),
        ...(last && { cursor: await cursorBehind(request, last.id, ports.signIn) }),
      },
    };
  },
};
