import { grantOf } from '../domain/directory-entry.ts';
import type { IdentityPorts } from '../ports/identity-ports.ts';
import { addClient, type NewClient } from './add-client.ts';
import type { Run } from './run.ts';

/** Registers a machine of the caller's tenant, which is a principal of role `system` from then on. */
export const createMachine: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { name, scopes, certificate } = request.body as NewClient;
    request.facts.grant = { after: grantOf({ role: 'system', status: 'active' }) };
    const { client, secret } = await addClient(
      request,
      { name, kind: 'machine', scopes, ...(certificate !== undefined && { certificate }) },
      ports,
    );
    return { status: 201, body: { id: client, secret } };
  },
};
