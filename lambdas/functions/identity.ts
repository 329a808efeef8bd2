import { identityValidators } from '../generated/validators.js';
import { capabilityHandler } from '../operations/capability-handler.ts';
import { identityRuns } from '../operations/identity-runs.ts';
import { ownDynamodb } from '../ports/aws-clients.ts';
import { chainPorts } from '../ports/chain-ports.ts';
import { environmentOf } from '../ports/environment.ts';
import { identityPorts } from '../ports/identity-ports.ts';
import { tenantClients } from '../ports/tenant-credentials.ts';

const environment = environmentOf(process.env, [
  'ACCESS_MINUTES',
  'AUDIT_TABLE',
  'CLIENT_IDS',
  'DIRECTORY_TABLE',
  'IDENTITY_KEY_ARN',
  'ISSUER',
  'REFRESH_MINUTES',
  'PASSKEY_ORIGINS',
  'RELYING_PARTY_ID',
  'SESSIONS_TABLE',
  'SIGN_IN_CLIENT_ID',
  'TENANT_ROLE_ARN',
  'USER_POOL_ID',
]);
const dynamodb = ownDynamodb();

/** The identity API's function. */
export const handler = capabilityHandler('identity', ({ id }) => identityRuns[id], {
  validators: identityValidators,
  ...chainPorts(
    { ...process.env, ...environment },
    {
      clientsFor: tenantClients({ roleArn: environment.TENANT_ROLE_ARN, sessionName: 'identity' }),
      dynamodb,
    },
  ),
  ...identityPorts(environment, { dynamodb }),
});
