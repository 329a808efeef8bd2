import { type CreateTenantPorts, createTenant } from '../operations/create-tenant.ts';
import { operatorCommands } from '../operations/operator-command.ts';
import { type RestoreAdministratorPorts, restoreAdministrator } from '../operations/restore-administrator.ts';
import { accounts } from '../ports/accounts.ts';
import { auditLog, auditPut } from '../ports/audit-log.ts';
import { ownCognito, ownDynamodb, ownKms } from '../ports/aws-clients.ts';
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
const dynamodb = ownDynamodb();
const kms = ownKms();

const ports: CreateTenantPorts & RestoreAdministratorPorts = {
  log: log(),
  accounts: accounts({ pool: environment.USER_POOL_ID, cognito: ownCognito() }),
  directory: directory({ table: environment.DIRECTORY_TABLE, dynamodb }),
  auditLog: auditLog({ table, clientFor: () => dynamodb }),
  auditPut: (entry) => auditPut(table, entry),
  createKeys: (tenant) => createTenantKeys({ dynamodb, kms, keyringTable, fieldKeyArn, tenant }),
};

/** The operator's function: it sets up tenants and restores administrators, and is invoked directly. */
export const handler = operatorCommands({
  'create-tenant': createTenant(ports),
  'restore-administrator': restoreAdministrator(ports),
});
