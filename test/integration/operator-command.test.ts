import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import { today } from '../../scripts/local/create-tenant.ts';
import { projectRoot } from '../../scripts/local/project-root.ts';
import { connect } from './client.ts';
import { output } from './clinic.ts';
import { itemsOf, openCloud } from './cloud.ts';
import { signIn } from './sign-in.ts';

const runtime = inject('runtime');
const cloud = openCloud(runtime);
const directory = mkdtempSync(join(tmpdir(), 'chartlock-operator-'));
const file = join(directory, 'runtime.json');
beforeAll(() => writeFileSync(file, JSON.stringify(runtime), { mode: 0o600 }));
afterAll(() => rmSync(directory, { recursive: true }));

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/operator.ts', ...args], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  const value = (label: string): string => new RegExp(`^${label} +(\\S+)`, 'm').exec(stdout)?.[1] ?? '';
  return { status, stdout, stderr, tenant: value('tenant'), password: value('temporary password') };
};
const create = (name: string, email: string, trainedOn = today()) => {
  const admin = ['--admin-email', email, '--admin-trained-on', trainedOn];
  return run('tenant', 'create', '--name', name, ...admin, '--runtime', file);
};
const newEmail = (): string => `admin-${crypto.randomUUID()}@clinic.example`;
const entriesOf = async (tenant: string): Promise<AuditEntry[]> =>
  (await itemsOf(cloud, output(runtime, 'audit', 'AuditTable'), `T#${tenant}#E#`)).map(({ entry }) =>
    JSON.parse(entry?.S ?? '{}'),
  );

describe('the operator’s command', () => {
  test('creates a tenant with its keys and an administrator who can sign in, and audits it', async () => {
    const email = newEmail();
    const { status, tenant, password } = create('Synthetic Clinic', email);
    expect(status).toBe(0);
    expect(tenant).toMatch(/^[a-z0-9]{12}$/);
    expect(await entriesOf(tenant)).toMatchObject([
      { type: 'CONFIGURATION_CHANGE', operation: 'tenants.create', resourceId: tenant, role: 'operator' },
    ]);
    const keys = await itemsOf(cloud, output(runtime, 'data', 'KeyringTable'), `T#${tenant}#B#`);
    expect(keys).toHaveLength(12);
    const { accessToken } = await signIn(connect(runtime), { email, password });
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ tenant, role: 'admin', role_version: '1' });
    expect(create('Synthetic Clinic', email)).toMatchObject({ status: 1, stdout: '' });
  });

  test('restores an administrator where no other one can act, without a password', async () => {
    const email = newEmail();
    const { tenant, password } = create('Synthetic Clinic', email);
    const send = connect(runtime);
    const { accessToken: token } = await signIn(send, { email, password });
    const restore = (address: string) => {
      const admin = ['--admin-email', address, '--admin-trained-on', today()];
      return run('administrator', 'restore', '--tenant', tenant, ...admin, '--runtime', file);
    };
    const { status, stdout } = restore(email);
    expect(status).toBe(0);
    expect(stdout).not.toContain('password');
    expect(await entriesOf(tenant)).toContainEqual(
      expect.objectContaining({ operation: 'tenants.restoreAdministrator', outcome: 'success' }),
    );
    const path = '/identity/v1/users';
    const body = { email: newEmail(), role: 'admin', trainedOn: today() };
    expect((await send({ method: 'POST', path, token, body })).status).toBe(201);
    expect(restore(email).stderr).toContain('conflict');
    expect(restore(newEmail()).stderr).toContain('not-found');
  });

  test('gives the same tenant when it is repeated before the administrator has signed in', async () => {
    const email = newEmail();
    const [first, second] = [
      create('Synthetic Clinic', email),
      create('Synthetic Clinic', email.toUpperCase()),
    ];
    expect(second.tenant).toBe(first.tenant);
    expect(second.password).not.toBe(first.password);
    expect(await entriesOf(first.tenant)).toHaveLength(2);
    expect(create('Another Clinic', email).stderr).toContain('conflict');
    await signIn(connect(runtime), { email, password: second.password });
  });

  test.each([
    ['a name of markup', '<b>Clinic</b>', 'admin@clinic.example', today(), 'invalid-body'],
    ['an address that is none', 'Clinic', 'admin', today(), 'invalid-body'],
    ['a day that is none', 'Clinic', 'admin@clinic.example', '2026-02-30', 'invalid-body'],
    ['a training that is too old', 'Clinic', 'admin@clinic.example', '2020-01-01', 'training-required'],
  ])('refuses %s', (_, name, email, trainedOn, code) => {
    const { status, stderr } = create(name, email, trainedOn);
    expect(status).toBe(1);
    expect(stderr).toContain(code);
  });

  test('says what is missing', () => {
    expect(run('--help').stdout).toContain('tenant create --name');
    expect(run('tenant', 'create').stderr).toContain('--name, --admin-email, and --admin-trained-on');
    expect(run('tenant', 'delete').stderr).toContain('tenant create');
    const wanted = ['--name', 'a', '--admin-email', 'b', '--admin-trained-on', today()];
    expect(run('tenant', 'create', ...wanted).stderr).toContain('--stage or --runtime');
    expect(run('tenant', 'create', ...wanted, '--runtime', join(directory, 'none')).stderr).toContain(
      'npm start',
    );
  });
});
