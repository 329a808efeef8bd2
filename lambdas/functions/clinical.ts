import { clinicalValidators } from '../generated/validators.js';
import { capabilityHandler } from '../operations/capability-handler.ts';
import { resourceRuns } from '../operations/resource-runs.ts';
import { auditPut } from '../ports/audit-log.ts';
import { ownDynamodb } from '../ports/aws-clients.ts';
import { chainPorts } from '../ports/chain-ports.ts';
import { chartPorts } from '../ports/chart-ports.ts';
import { environmentOf } from '../ports/environment.ts';
import { tenantClients } from '../ports/tenant-credentials.ts';

const environment = environmentOf(process.env, [
  'AUDIT_TABLE',
  'CLIENT_IDS',
  'DIRECTORY_TABLE',
  'FIELD_KEY_ARN',
  'ISSUER',
  'KEYRING_TABLE',
  'RECORDS_TABLE',
  'SESSIONS_TABLE',
  'TENANT_ROLE_ARN',
]);
const clientsFor = tenantClients({ roleArn: environment.TENANT_ROLE_ARN, sessionName: 'clinical' });

/** The clinical API's function. */
export const handler = capabilityHandler(
  'clinical',
  (operation) => (operation.kind === 'resource' ? resourceRuns[operation.interaction] : undefined),
  {
    validators: clinicalValidators,
    ...chainPorts({ ...process.env, ...environment }, { clientsFor, dynamodb: ownDynamodb() }),
    ...chartPorts(environment, {
      clientsFor,
      auditPut: (entry) => auditPut(environment.AUDIT_TABLE, entry),
      capability: 'clinical',
    }),
  },
);
