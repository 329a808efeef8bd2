import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/local/free-port.ts';
import { lockInstance } from '../../scripts/local/instance-lock.ts';
import { projectRoot } from '../../scripts/local/project-root.ts';
import {
  isRunning,
  type RuntimeInfo,
  readRuntimeInfo,
  writeRuntimeInfo,
} from '../../scripts/local/runtime-info.ts';
import { randomPassword } from '../../scripts/local/seed.ts';
import { startRuntime } from '../../scripts/local/start-runtime.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chartlock-start-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function command(file: string, ...args: string[]) {
  const result = spawnSync(process.execPath, [join(projectRoot, file), ...args], { encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

describe('starting the local runtime', () => {
  it('says that the port is taken and how to choose another, and leaves nothing running', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startRuntime({ directory, port, log: () => {} })).rejects.toThrow(
      `Port ${port} is taken by another program. Choose another: npm start -- --port ${port + 1}`,
    );
    other.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('prefers the port that it had, and takes another when that is taken', async () => {
    const preferred = await freePort();
    expect(await freePort(preferred)).toBe(preferred);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(preferred, '127.0.0.1', resolve));
    expect(await freePort(preferred)).not.toBe(preferred);
    other.close();
  });

  it('explains wrong arguments', () => {
    expect(command('bin/local.ts', '--help')).toMatchObject({
      status: 0,
      output: expect.stringContaining('--reset'),
    });
    const cases = [['--port', 'x'], ['--port', '70000'], ['--nothing']];
    for (const args of cases) {
      const { status, output } = command('bin/local.ts', ...args);
      expect(status).toBe(1);
      expect(output).toMatch(/--port needs a number|Unknown option/);
      expect(output).toContain('npm start -- --port');
    }
  });
});

describe('runtime.json', () => {
  const info = { baseUrl: 'https://localhost:1', users: {}, pid: process.pid } as unknown as RuntimeInfo;

  it('is readable by its owner only', () => {
    writeRuntimeInfo(directory, info);
    expect(readRuntimeInfo(directory)).toEqual(info);
    const { stdout } = spawnSync('stat', ['-c', '%a', join(directory, 'runtime.json')], { encoding: 'utf8' });
    expect(stdout.trim()).toBe('600');
  });

  it('is worth nothing when the process that wrote it is gone', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    expect(isRunning(pid)).toBe(false);
    writeRuntimeInfo(directory, { ...info, pid });
    expect(() => readRuntimeInfo(directory)).toThrow('The local runtime is not running.');
  });
});

describe('npm run token', () => {
  it('says that the runtime is not running', () => {
    const { status, output } = command('bin/token.ts', 'provider', '--directory', directory);
    expect({ status, output }).toEqual({
      status: 1,
      output: 'The local runtime is not running. Start it in another terminal: npm start\n',
    });
  });

  it('names the demo users when there is no such one', () => {
    lockInstance(directory);
    writeRuntimeInfo(directory, {
      users: { admin: {}, provider: {} },
      pid: process.pid,
    } as unknown as RuntimeInfo);
    const { output } = command('bin/token.ts', 'nobody', '--directory', directory);
    expect(output).toBe('There is no demo user of that name. There are: admin, provider.\n');
  });
});

it('makes demo passwords that any policy accepts, each its own', () => {
  const passwords = Array.from({ length: 50 }, randomPassword);
  expect(new Set(passwords).size).toBe(50);
  for (const password of passwords) {
    expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])(?=.*[^A-Za-z0-9]).{24}$/);
  }
});
