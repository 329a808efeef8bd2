import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { operatorCommands } from '../../../lambdas/operations/operator-command.ts';
import {
  type RestoreAdministratorPorts,
  type RestoredAdministrator,
  restoreAdministrator,
} from '../../../lambdas/operations/restore-administrator.ts';
import { auditLog, auditPut } from '../../../lambdas/ports/audit-log.ts';
import { today } from '../../../scripts/local/create-tenant.ts';
import { codeOf, type IdentityApi, newEmail, startIdentityApi } from '../identity-api.ts';

let api: IdentityApi;
beforeAll(async () => {
  api = await startIdentityApi();
});
afterAll(() => api.stop());

const operator = (change: Partial<RestoreAdministratorPorts> = {}) =>
  restoreAdministrator({
    accounts: api.ports.accounts,
    directory: api.ports.directory,
    auditLog: auditLog({ table: 'audit', clientFor: () => api.cloud.root.dynamodb }),
    auditPut: (entry) => auditPut('audit', entry),
    log: { request() {}, failure() {}, warn() {} },
    ...change,
  });
const restore = (
  input: unknown,
  change: Partial<RestoreAdministratorPorts> = {},
): Promise<RestoredAdministrator> => operator(change)(input, { awsRequestId: randomUUID() } as Context);

/** A tenant of a test's own with one administrator, signed in. */
const open = async () => {
  const adminEmail = newEmail();
  const wanted = { command: 'create-tenant', name: 'Clinic', adminEmail, adminTrainedOn: today() };
  const { tenant, admin: made } = await api.newTenant(wanted);
  const admin = await api.enrol(adminEmail, made.temporaryPassword);
  return { tenant, admin };
};
const join = async (token: string, role: string) => {
  const email = newEmail();
  const { body } = await api.post('/users', { email, role, trainedOn: today() }, { token });
  return { email, subject: body.id ?? '' };
};
const commandFor = (tenant: string, email: string, change: object = {}) => ({
  command: 'restore-administrator',
  tenant,
  adminEmail: email,
  adminTrainedOn: today(),
  ...change,
});
/** Changes someone behind the platform's back. */
const set = (subject: string, name: string, value: string) =>
  api.cloud.edit(
    'directory',
    ({ pk, sk }) => pk?.S === `U#${subject}` && sk?.S === 'PRINCIPAL',
    (item) => ({ ...item, [name]: { S: value } }),
  );
const known = (subject: string) => api.ports.directory.principal(subject);
const entriesOf = async (tenant: string): Promise<AuditEntry[]> =>
  (await api.entries()).filter((entry) => entry.tenant === tenant && entry.operation.includes('restore'));

describe('an administrator', () => {
  test('whom a review took out is restored, with the same password and factors', async () => {
    const { tenant, admin } = await open();
    await set(admin.subject, 'status', 'suspended');
    await set(admin.subject, 'grantExpiresAt', '2026-01-01T00:00:00.000Z');
    await api.ports.accounts.disable(admin.subject);
    expect(await restore(commandFor(tenant, admin.email.toUpperCase()))).toEqual({
      tenant,
      admin: { id: admin.subject },
    });
    const restored = await known(admin.subject);
    expect(restored).toMatchObject({ status: 'active', role: 'admin', roleVersion: 2, trainedOn: today() });
    expect(restored).not.toHaveProperty('grantExpiresAt');
    expect(await entriesOf(tenant)).toMatchObject([
      {
        type: 'CONFIGURATION_CHANGE',
        operation: 'tenants.restoreAdministrator',
        outcome: 'success',
        role: 'operator',
        resource: 'Principal',
        resourceId: admin.subject,
        grant: { before: 'admin.suspended', after: 'admin.active' },
      },
    ]);
    const { email, password, totp } = admin;
    const { challenge, session } = (await api.post('/auth/login', { email, password })).body;
    const done = await api.post('/auth/challenge', { challenge, session, code: codeOf(totp) });
    expect(done.body.scope?.split(' ')).toContain('identity/users.create');
  });

  test('whose training has lapsed is restored by a new one', async () => {
    const { tenant, admin } = await open();
    await set(admin.subject, 'trainedOn', '2020-01-01');
    await restore(commandFor(tenant, admin.email));
    expect(await known(admin.subject)).toMatchObject({ trainedOn: today(), roleVersion: 1 });
    expect(await api.isAlive(admin.accessToken)).toBe(true);
  });

  test('is restored also where the other ones cannot act', async () => {
    const { tenant, admin } = await open();
    const [untrained, expired, gone] = [
      await join(admin.accessToken, 'admin'),
      await join(admin.accessToken, 'admin'),
      await join(admin.accessToken, 'admin'),
    ];
    await set(untrained.subject, 'trainedOn', '2020-01-01');
    await set(expired.subject, 'grantExpiresAt', '2026-01-01T00:00:00.000Z');
    await set(gone.subject, 'status', 'suspended');
    expect((await restore(commandFor(tenant, admin.email))).admin.id).toBe(admin.subject);
  });

  test('is not restored where another one can do it, and the trail says so', async () => {
    const { tenant, admin } = await open();
    const leaver = await join(admin.accessToken, 'admin');
    const path = `/users/${leaver.subject}/suspend`;
    await api.post(path, undefined, { token: admin.accessToken });
    await expect(restore(commandFor(tenant, leaver.email))).rejects.toThrow('conflict');
    expect(await known(leaver.subject)).toMatchObject({ status: 'suspended' });
    const [entry] = await entriesOf(tenant);
    expect(entry).toMatchObject({ outcome: 'refused', policy: 'admin.another', resourceId: leaver.subject });
    expect(entry).not.toHaveProperty('grant');
  });

  test('who was removed stays so', async () => {
    const { tenant, admin } = await open();
    await set(admin.subject, 'status', 'removed');
    await expect(restore(commandFor(tenant, admin.email))).rejects.toThrow('not-found');
    expect(await known(admin.subject)).toMatchObject({ status: 'removed' });
  });
});

describe('nobody is restored', () => {
  test('who is no administrator, or of another tenant, or unknown', async () => {
    const [first, second] = [await open(), await open()];
    const nurse = await join(first.admin.accessToken, 'nurse');
    for (const command of [
      commandFor(first.tenant, nurse.email),
      commandFor(second.tenant, first.admin.email),
      commandFor(first.tenant, newEmail()),
    ])
      await expect(restore(command)).rejects.toThrow('not-found');
    expect(await known(nurse.subject)).toMatchObject({ role: 'nurse', roleVersion: 1 });
    expect(await known(first.admin.subject)).toMatchObject({ roleVersion: 1 });
  });

  test('and the directory is asked about nobody, for an address without an account', async () => {
    const { directory } = api.ports;
    const principal = () => Promise.reject(new Error('asked'));
    const asking = restore(commandFor('tenant000001', newEmail()), {
      directory: { ...directory, principal },
    });
    await expect(asking).rejects.toThrow('not-found');
  });

  test.each([
    ['invalid-body', { tenant: 'x' }],
    ['invalid-body', { adminEmail: 'nobody' }],
    ['invalid-body', { adminEmail: undefined }],
    ['invalid-body', { adminTrainedOn: '2026-02-30' }],
    ['training-required', { adminTrainedOn: '2020-01-01' }],
    ['unknown-route', { command: 'create-tenant' }],
    ['unknown-route', { role: 'operator' }],
  ])('%s for %j, and each try leaves an entry', async (code, change) => {
    const before = (await api.entries()).length;
    await expect(restore(commandFor('tenant000001', newEmail(), change))).rejects.toThrow(code);
    expect((await api.entries()).length).toBe(before + 1);
  });

  test('without the audit entry, or when another change came first', async () => {
    const { tenant, admin } = await open();
    await set(admin.subject, 'status', 'suspended');
    const command = commandFor(tenant, admin.email);
    const missing = {
      auditPut: (entry: AuditEntry) => ({ ...auditPut('audit', entry), TableName: 'missing' }),
    };
    await expect(restore(command, missing)).rejects.toThrow('unavailable');
    const { directory } = api.ports;
    const racing: RestoreAdministratorPorts['directory'] = {
      ...directory,
      commit: async (items) => {
        await set(admin.subject, 'status', 'removed');
        return directory.commit(items);
      },
    };
    await expect(restore(command, { directory: racing })).rejects.toThrow('conflict');
    expect(await known(admin.subject)).toMatchObject({ status: 'removed', roleVersion: 1 });
  });
});

test('an administrator whom the user pool does not let in yet is restored by the next try', async () => {
  const { tenant, admin } = await open();
  await set(admin.subject, 'status', 'suspended');
  await api.ports.accounts.disable(admin.subject);
  const enable = () => Promise.reject(new Error('down'));
  await restore(commandFor(tenant, admin.email), { accounts: { ...api.ports.accounts, enable } });
  const { email, password } = admin;
  expect((await api.post('/auth/login', { email, password })).body.code).toBe('invalid-credentials');
  await restore(commandFor(tenant, admin.email));
  expect((await api.post('/auth/login', { email, password })).body.challenge).toBe('SOFTWARE_TOKEN_MFA');
});

describe('one function for several commands', () => {
  const run = operatorCommands({ one: async () => 1, two: async () => 2 });
  const context = {} as Context;

  test.each([
    [{ command: 'one' }, 1],
    [{ command: 'two' }, 2],
    [{ command: 'three' }, 1],
    [{ command: 'constructor' }, 1],
    [{}, 1],
    [null, 1],
  ])('%j', async (input, expected) => {
    expect(await run(input, context)).toBe(expected);
  });

  test('needs one', () => {
    expect(() => operatorCommands({})).toThrow(TypeError);
  });
});
