import type { IdentityPorts } from '../ports/identity-ports.ts';
import { clientView } from './list-clients.ts';
import { activeClient } from './own-client.ts';
import type { Run } from './run.ts';

/** Reads a machine of the caller's tenant, with the ids of its secrets. */
export const readMachine: Run<IdentityPorts, undefined> = {
  fetch: async () => undefined,
  complete: async (request, _fetched, ports) => {
    const { client: machine } = await activeClient(request, ['machine'], ports);
    const [principal, secrets] = await Promise.all([
      ports.directory.principal(machine.client),
      ports.appClients.secrets(machine.client),
    ]);
    const status = principal?.status === 'active' ? 'active' : 'suspended';
    return { status: 200, body: { ...clientView(machine), status, secrets } };
  },
};
