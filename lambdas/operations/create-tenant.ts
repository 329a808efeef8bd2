import { randomInt } from 'node:crypto';
import { formats } from '../../model/define/formats.ts';
import { ApiError } from '../domain/api-error.ts';
import type { DirectoryPrincipal } from '../domain/directory-entry.ts';
import { temporaryPassword } from '../domain/temporary-password.ts';
import { isCurrentTraining } from '../domain/training.ts';
import { successEntry } from '../middleware/audit.ts';
import type { Chain } from '../middleware/chain.ts';
import { type AddedPerson, type AddPersonPorts, addPerson } from './add-person.ts';
import { type OperatorPorts, operatorCommand, operatorOperation } from './operator-command.ts';

/** What the operator's command sends. */
export interface CreateTenant {
  readonly command: 'create-tenant';
  readonly name: string;
  readonly adminEmail: string;
  /** The day of the administrator's last training, `YYYY-MM-DD`. */
  readonly adminTrainedOn: string;
}

/** A new tenant, and the temporary password of its first administrator, which is told once. */
export interface CreatedTenant {
  readonly tenant: string;
  readonly admin: { readonly id: string; readonly temporaryPassword: string };
}

/** What creating a tenant needs. */
export interface CreateTenantPorts extends AddPersonPorts, OperatorPorts {
  readonly createKeys: (tenant: string) => Promise<void>;
}

const operation = operatorOperation({
  id: 'tenants.create',
  description: 'Create a tenant, its keys and its first administrator.',
  path: '/tenants',
  status: 201,
});

const tenantName = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} '’.,&()/-]{0,99}$/u;

const checked = (input: unknown, now: Date): CreateTenant => {
  const { command, name, adminEmail, adminTrainedOn, ...rest } = (input ?? {}) as {
    readonly [member: string]: unknown;
  };
  const isEmail = typeof adminEmail === 'string' && adminEmail.length <= 254 && formats.email(adminEmail);
  if (command !== 'create-tenant' || Object.keys(rest).length > 0) throw new ApiError('unknown-route');
  const isDate = typeof adminTrainedOn === 'string' && formats.date(adminTrainedOn);
  if (typeof name !== 'string' || !tenantName.test(name) || !isEmail || !isDate)
    throw new ApiError('invalid-body');
  if (!isCurrentTraining(adminTrainedOn, now)) throw new ApiError('training-required');
  return { command, name: name.normalize('NFC'), adminEmail: adminEmail.toLowerCase(), adminTrainedOn };
};

const newTenantId = (): string =>
  Array.from({ length: 12 }, () => '0123456789abcdefghijklmnopqrstuvwxyz'.charAt(randomInt(36))).join('');

/** Whether an administrator has never signed in: only then may an operator give them a password. */
const isNew = ({ role, status, mfaEnrolledAt, mustEnrolSince }: DirectoryPrincipal): boolean =>
  role === 'admin' && status === 'active' && mfaEnrolledAt === undefined && mustEnrolSince === undefined;

/** What an earlier try with the same name and address left, while its administrator has not signed in yet. */
const resumed = async (
  { name, adminEmail }: CreateTenant,
  { accounts, directory }: CreateTenantPorts,
): Promise<{ tenant: string; added: AddedPerson } | undefined> => {
  const subject = await accounts.find(adminEmail);
  const principal = subject === undefined ? undefined : await directory.principal(subject);
  if (principal === undefined) return undefined;
  const tenant = await directory.tenant(principal.tenant);
  if (tenant?.name !== name || !isNew(principal)) throw new ApiError('conflict', { policy: 'person.exists' });
  const password = temporaryPassword();
  await accounts.setTemporaryPassword(principal.subject, password);
  return { tenant: tenant.tenant, added: { subject: principal.subject, temporaryPassword: password } };
};

const created = async (
  wanted: CreateTenant,
  chain: Chain,
  ports: CreateTenantPorts,
): Promise<{ tenant: string; added: AddedPerson }> => {
  const { directory } = ports;
  const tenant = newTenantId();
  chain.facts.tenant = tenant;
  await ports.createKeys(tenant);
  const added = await addPerson(
    wanted.adminEmail,
    async (subject) => {
      chain.facts.resource = 'Tenant';
      chain.facts.resourceId = tenant;
      const at = chain.now;
      const done = await directory.commit([
        ...directory.tenantPuts({ tenant, name: wanted.name, status: 'active' }, { at }),
        ...directory.principalPuts(
          {
            subject,
            tenant,
            role: 'admin',
            roleVersion: 1,
            status: 'active',
            trainedOn: wanted.adminTrainedOn,
          },
          { at },
        ),
        { Put: ports.auditPut(successEntry(chain, operation.status)) },
      ]);
      chain.audited = done;
      return done;
    },
    (person) => person.tenant === tenant,
    ports,
  );
  return { tenant, added };
};

/**
 * Creates a tenant: its branch keys first, which mean nothing alone, then directory and audit entry in one transaction.
 * A repeated command with the same name and address gives the same tenant and a new temporary password, until the
 * administrator has signed in.
 */
export const createTenant = operatorCommand<CreateTenantPorts, CreatedTenant>(
  operation,
  async (input, chain, ports) => {
    const wanted = checked(input, chain.now);
    const earlier = await resumed(wanted, ports);
    if (earlier) chain.facts.tenant = earlier.tenant;
    const { tenant, added } = earlier ?? (await created(wanted, chain, ports));
    return { tenant, admin: { id: added.subject, temporaryPassword: added.temporaryPassword } };
  },
);
