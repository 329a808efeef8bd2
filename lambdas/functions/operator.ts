import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { createTenant } from '../operations/create-tenant.ts';
import { accounts } from '../ports/accounts.ts';
import { auditLog, auditPut } from '../ports/audit-log.ts';
import { directory } from '../ports/directory.ts';
import { environmentOf } from '../ports/environment.ts';
import { log } from '../ports/log.ts';
import { createTenantKeys } from '../ports/tenant-keys.ts';

const environment = environmentOf(process.env, [
  'AUDIT_TABLE',
  'DIRECTORY_TABLE',
  'FIELD_KEY_ARN',
  'KEYRING_TABLE',
  'USER_POOL_ID',
]);
const { AUDIT_TABLE: table, FIELD_KEY_ARN: fieldKeyArn, KEYRING_TABLE: keyringTable } = environment;
const dynamodb = new DynamoDBClient();
const kms = new KMSClient();

/** The operator's function: it sets up tenants, and is invoked directly. */
export const handler = createTenant({
  log: log(),
  accounts: accounts({ pool: environment.USER_POOL_ID, cognito: new CognitoIdentityProviderClient() }),
  directory: directory({ table: environment.DIRECTORY_TABLE, dynamodb }),
  auditLog: auditLog({ table, clientFor: () => dynamodb }),
  auditPut: (entry) => auditPut(table, entry),
  createKeys: (tenant) => createTenantKeys({ dynamodb, kms, keyringTable, fieldKeyArn, tenant }),
});
