import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { functions } from '../../lib/constructs/role-paths.ts';

vi.setConfig({ testTimeout: 120_000 });

const root = join(import.meta.dirname, '../..');
const flags = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context;
const directory = mkdtempSync(join(tmpdir(), 'chartlock-app-'));
for (const name of functions) {
  mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, name, 'index.mjs'), 'export const handler = async () => ({});\n');
}
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (context: Record<string, string>) =>
  spawnSync(process.execPath, [join(root, 'bin/app.ts')], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      CDK_VALIDATION: 'false',
      CDK_OUTDIR: join(directory, 'out'),
      CDK_CONTEXT_JSON: JSON.stringify({ ...flags, bundles: directory, ...context }),
    },
  });

describe('the CDK application', () => {
  it('asks for a stage', () => {
    const { status, stderr } = run({});
    expect(status).toBe(1);
    expect(stderr.trim()).toBe('the stage is missing: add -c stage=<stage>, with one of local, dev, prod');
  });

  it('refuses to deploy placeholders, and says which', () => {
    const { status, stderr } = run({ stage: 'prod', action: 'deploy' });
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(
      'account in lib/config/stages/prod.ts is still a placeholder, but a deployment needs your own value',
    );
  });

  it('says what to do when the functions are not bundled', () => {
    const { status, stderr } = run({ stage: 'dev', bundles: join(directory, 'none') });
    expect(status).toBe(1);
    expect(stderr.trim()).toMatch(/^the bundle of function [a-z-]+ is missing: run npm run bundle first$/);
  });

  it('synthesizes stage local and prints what that goes without', () => {
    const { status, stderr } = run({ stage: 'local' });
    expect(status).toBe(0);
    expect(stderr).toContain('stage local goes without AWS::WAFv2::WebACLAssociation');
    expect(existsSync(join(directory, 'out/chartlock-local-keys.template.json'))).toBe(true);
  });
});
