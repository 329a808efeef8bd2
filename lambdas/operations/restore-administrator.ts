import { formats } from '../../model/define/formats.ts';
import { ApiError } from '../domain/api-error.ts';
import { type DirectoryPrincipal, grantOf } from '../domain/directory-entry.ts';
import { isCurrentTraining } from '../domain/training.ts';
import { successEntry } from '../middleware/audit.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Directory } from '../ports/directory.ts';
import { ableAdministrator } from './another-administrator.ts';
import { followAtPool } from './change-person.ts';
import { type OperatorPorts, operatorCommand, operatorOperation } from './operator-command.ts';

/** What the operator's command sends. */
export interface RestoreAdministrator {
  readonly command: 'restore-administrator';
  readonly tenant: string;
  readonly adminEmail: string;
  /** The day of the administrator's last training, `YYYY-MM-DD`. */
  readonly adminTrainedOn: string;
}

/** An administrator who can act again. */
export interface RestoredAdministrator {
  readonly tenant: string;
  readonly admin: { readonly id: string };
}

/** What restoring an administrator needs. */
export interface RestoreAdministratorPorts extends OperatorPorts {
  readonly accounts: Accounts;
  readonly directory: Directory;
}

const operation = operatorOperation({
  id: 'tenants.restoreAdministrator',
  description: 'Let an administrator act again in a tenant where none can.',
  path: '/tenants/administrators',
  status: 200,
});

const checked = (input: unknown, now: Date): Omit<RestoreAdministrator, 'command'> => {
  const { command, tenant, adminEmail, adminTrainedOn, ...rest } = (input ?? {}) as {
    readonly [member: string]: unknown;
  };
  if (command !== 'restore-administrator' || Object.keys(rest).length > 0)
    throw new ApiError('unknown-route');
  const isTenant = typeof tenant === 'string' && /^[a-z0-9]{12}$/.test(tenant);
  const isEmail = typeof adminEmail === 'string' && formats.email(adminEmail);
  const isDate = typeof adminTrainedOn === 'string' && formats.date(adminTrainedOn);
  if (!isTenant || !isEmail || !isDate) throw new ApiError('invalid-body');
  if (!isCurrentTraining(adminTrainedOn, now)) throw new ApiError('training-required');
  return { tenant, adminEmail: adminEmail.toLowerCase(), adminTrainedOn };
};

const administratorOf = async (
  { tenant, adminEmail }: Omit<RestoreAdministrator, 'command'>,
  { accounts, directory }: RestoreAdministratorPorts,
): Promise<DirectoryPrincipal> => {
  const subject = await accounts.find(adminEmail);
  const known = subject === undefined ? undefined : await directory.principal(subject);
  if (known?.tenant !== tenant || known.role !== 'admin' || known.status === 'removed')
    throw new ApiError('not-found', { policy: 'person.tenant' });
  return known;
};

/**
 * Lets an administrator act again in a tenant where none can: a lapsed training, or a review of access in which nobody was
 * there to attest, would otherwise lock the tenant's administration for ever. The password and the factors stay, so that an
 * operator restores who was there, and gets in as nobody.
 */
export const restoreAdministrator = operatorCommand<RestoreAdministratorPorts, RestoredAdministrator>(
  operation,
  async (input, chain, ports) => {
    const { directory, auditPut } = ports;
    const wanted = checked(input, chain.now);
    const { tenant, adminTrainedOn: trainedOn } = wanted;
    chain.facts.tenant = tenant;
    const known = await administratorOf(wanted, ports);
    const { subject } = known;
    const change = {
      trainedOn,
      grantExpiresAt: undefined,
      ...(known.status !== 'active' && { status: 'active' as const }),
    };
    Object.assign(chain.facts, {
      resource: 'Principal',
      resourceId: subject,
      grant: { before: grantOf(known), after: grantOf({ ...known, ...change }) },
    });
    if (await ableAdministrator(known, chain.now, directory))
      throw new ApiError('conflict', { policy: 'admin.another' });
    chain.audited = await directory.commit([
      ...directory.principalUpdates(known, change),
      { Put: auditPut(successEntry(chain, operation.status)) },
    ]);
    if (!chain.audited) throw new ApiError('conflict', { policy: 'person.changed' });
    await followAtPool(subject, (accounts) => accounts.enable(subject), ports);
    return { tenant, admin: { id: subject } };
  },
);
