import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/local/project-root.ts';

let directory: string;

/** A copy of the set-up script in a project of its own, where all packages are installed and programs are stand-ins. */
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chartlock-set-up-'));
  for (const folder of ['bin', 'scripts/local/emulator', 'node_modules/.bin']) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  cpSync(join(projectRoot, 'scripts/set-up.mjs'), join(directory, 'scripts/set-up.mjs'));
  writeFileSync(join(directory, 'scripts/local/emulator/requirements.txt'), 'ministack==1.5.33\n');
  lock('package-lock.json', '1.0.0');
  lock('node_modules/.package-lock.json', '1.0.0');
  symlinkSync(process.execPath, join(directory, 'node_modules/.bin/node'));
  for (const name of ['cp', 'mkdir']) symlinkSync(`/bin/${name}`, join(directory, 'bin', name));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function lock(file: string, version: string): void {
  const packages = {
    '': { name: 'chartlock' },
    'node_modules/a': { version },
    ...(file === 'package-lock.json'
      ? { 'node_modules/other-platform': { version: '1.0.0', optional: true } }
      : {}),
  };
  writeFileSync(join(directory, file), JSON.stringify({ packages }));
}

function program(name: string, script: string): void {
  const file = join(directory, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A Python that answers the version question, makes "environments" and notes what it was asked to do. */
function python(name: string, version: string): void {
  const calls = join(directory, 'python-calls');
  program(
    name,
    `echo "$*" >> ${calls}
case "$*" in
  *version_info*) echo ${version} ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
esac`,
  );
}

function setUp(args: string[] = []) {
  const result = spawnSync(process.execPath, ['scripts/set-up.mjs', ...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: join(directory, 'bin') },
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

const pythonCalls = () => {
  const file = join(directory, 'python-calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

describe('the set-up script', () => {
  it('makes the private Python environment once, with the pinned requirements', () => {
    python('python3', '3.12');
    expect(setUp().status).toBe(0);
    expect(pythonCalls().at(-1)).toMatch(/^-m pip install .*-r .*requirements\.txt$/);
    const before = pythonCalls().length;
    expect(setUp()).toEqual({ status: 0, output: '' });
    expect(pythonCalls().length).toBe(before);
  });

  it('makes it again when the requirements change', () => {
    python('python3', '3.12');
    setUp();
    const before = pythonCalls().length;
    writeFileSync(join(directory, 'scripts/local/emulator/requirements.txt'), 'ministack==1.5.34\n');
    setUp();
    expect(pythonCalls().length).toBeGreaterThan(before);
  });

  it('says that Python is missing and how to get it', () => {
    const { status, output } = setUp();
    expect(status).toBe(1);
    expect(output).toContain('Python 3.10 or later is needed');
    expect(output).toContain('No Python was found.');
    expect(output).toContain('apt install python3 python3-venv');
  });

  it('says which Python is too old', () => {
    python('python3', '3.8');
    const { status, output } = setUp();
    expect(status).toBe(1);
    expect(output).toContain('Found only Python 3.8.');
  });

  it('takes a newer Python beside one that is too old', () => {
    python('python3', '3.8');
    python('python3.12', '3.12');
    expect(setUp().status).toBe(0);
  });

  it('installs the npm packages when the lock file asks for something else', () => {
    python('python3', '3.12');
    program('npm', `echo "$*" > ${join(directory, 'npm-calls')}`);
    setUp();
    expect(existsSync(join(directory, 'npm-calls'))).toBe(false);
    lock('package-lock.json', '2.0.0');
    setUp();
    expect(readFileSync(join(directory, 'npm-calls'), 'utf8')).toMatch(/^ci /);
  });

  it('stops with a sentence when npm fails', () => {
    python('python3', '3.12');
    program('npm', 'exit 1');
    lock('package-lock.json', '2.0.0');
    const { status, output } = setUp();
    expect(status).toBe(1);
    expect(output).toContain('`npm ci` failed');
  });
});
