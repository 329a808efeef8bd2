import type { IdentityPorts } from '../ports/identity-ports.ts';
import { consentingPerson } from './own-consent.ts';
import { cursorBehind, pageAsked } from './page.ts';
import type { Run } from './run.ts';

/** Lists what the caller lets applications do, those that were removed since included. */
export const listConsents: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { subject } = consentingPerson(request, ports);
    const { clients, signIn } = ports;
    const { after, limit } = await pageAsked(request, signIn);
    const found = await clients.consents(subject, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      status: 200,
      body: {
        items: page.map(({ client, name, scopes, grantedAt }) => ({ client, name, scopes, grantedAt })),
        ...(last && { cursor: await cursorBehind(request, last.client, signIn) }),
      },
    };
  },
};
