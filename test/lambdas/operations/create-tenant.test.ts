import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import {
  type CreatedTenant,
  type CreateTenantPorts,
  createTenant,
} from '../../../lambdas/operations/create-tenant.ts';
import { accounts } from '../../../lambdas/ports/accounts.ts';
import { auditPut } from '../../../lambdas/ports/audit-log.ts';
import { directory } from '../../../lambdas/ports/directory.ts';
import { type LogLine, log } from '../../../lambdas/ports/log.ts';

const subject = '00000000-0000-4000-8000-000000000001';
const command = {
  command: 'create-tenant',
  name: 'Clinic',
  adminEmail: 'synthetic@staff.example',
  adminTrainedOn: new Date().toISOString().slice(0, 10),
};

let written: AuditEntry[];
let lines: LogLine[];
let asked: string[];
beforeEach(() => {
  [written, lines, asked] = [[], [], []];
});

/** Creates a tenant with ports that note what they are asked for; those that are not changed here reach nothing. */
const create = (
  change: {
    readonly accounts?: Partial<CreateTenantPorts['accounts']>;
    readonly directory?: Partial<CreateTenantPorts['directory']>;
  } = {},
): Promise<CreatedTenant> => {
  const run = createTenant({
    accounts: {
      ...accounts({ pool: 'pool', cognito: new CognitoIdentityProviderClient() }),
      find: async () => undefined,
      create: async () => ({ subject, existed: false }),
      ...change.accounts,
    },
    directory: {
      ...directory({ table: 'directory', dynamodb: new DynamoDBClient() }),
      principal: async (wanted) => {
        asked.push(wanted);
        return undefined;
      },
      commit: async () => true,
      ...change.directory,
    },
    log: { ...log(), failure: (line) => lines.push(line) },
    auditLog: {
      mark: () => ({ writer: 'A'.repeat(26), writerCounter: 1 }),
      write: async (entry) => {
        written.push(entry);
      },
    },
    auditPut: (entry) => auditPut('audit', entry),
    createKeys: async () => {},
  });
  return run(command, { awsRequestId: 'request' } as Context);
};

describe('creating a tenant', () => {
  test('leaves no second audit entry beside the one of its transaction', async () => {
    await create();
    expect(written).toEqual([]);
  });

  test('is audited on its own when the answer of its transaction was lost', async () => {
    let admin: DirectoryPrincipal | undefined;
    await create({
      directory: {
        principal: async () => admin,
        commit: async (items) => {
          const tenant = items[0]?.Put?.Item?.tenant?.S ?? '';
          admin = { subject, tenant, role: 'admin', roleVersion: 1, status: 'active' };
          throw new Error('lost');
        },
      },
    });
    expect(written).toMatchObject([{ type: 'CONFIGURATION_CHANGE', outcome: 'success' }]);
  });

  test('asks the directory about nobody when the address has no account', async () => {
    await create();
    expect(asked).toEqual([]);
  });

  test('takes over an account that an earlier try left without a person', async () => {
    const passwords: string[] = [];
    const { admin } = await create({
      accounts: {
        find: async () => subject,
        create: async () => ({ subject, existed: true }),
        setTemporaryPassword: async (_subject, password) => {
          passwords.push(password);
        },
      },
    });
    expect(admin).toEqual({ id: subject, temporaryPassword: passwords[0] });
  });

  test('that failed is logged by what and where, not by what was said, and audited', async () => {
    const cause = Object.assign(new RangeError('synthetic@staff.example'), { detail: 'Clinic' });
    await expect(create({ accounts: { find: () => Promise.reject(cause) } })).rejects.toThrow('internal');
    expect(lines).toEqual([
      {
        requestId: 'request',
        operation: 'tenants.create',
        code: 'internal',
        error: 'RangeError',
        at: expect.arrayContaining([expect.stringContaining('create-tenant.test.ts')]),
      },
    ]);
    expect(written).toMatchObject([{ outcome: 'failure', problem: 'internal' }]);
  });
});
