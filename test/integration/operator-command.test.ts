import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
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
const create = (name: string, email: string) =>
  run('tenant', 'create', '--name', name, '--admin-email', email, '--runtime', file);
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
    ['a name of markup', '<b>Clinic</b>', 'admin@clinic.example'],
    ['an address that is none', 'Clinic', 'admin'],
  ])('refuses %s', (_, name, email) => {
    const { status, stderr } = create(name, email);
    expect(status).toBe(1);
    expect(stderr).toContain('invalid-body');
  });

  test('says what is missing', () => {
    expect(run('--help').stdout).toContain('tenant create --name');
    expect(run('tenant', 'create').stderr).toContain('--name and --admin-email');
    expect(run('tenant', 'delete').stderr).toContain('tenant create');
    expect(run('tenant', 'create', '--name', 'a', '--admin-email', 'b').stderr).toContain(
      '--stage or --runtime',
    );
    expect(
      run('tenant', 'create', '--name', 'a', '--admin-email', 'b', '--runtime', join(directory, 'none'))
        .stderr,
    ).toContain('npm start');
  });
});
