import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockInstance } from '../../scripts/local/instance-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chartlock-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('refuses a second instance in the same folder and says which process has it', () => {
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  try {
    writeFileSync(join(directory, 'instance.pid'), String(other.pid));
    expect(() => lockInstance(directory)).toThrow(
      `The local runtime is already running (process ${other.pid}).`,
    );
  } finally {
    other.kill();
  }
});

it('takes over from a process that ended without giving the folder back', async () => {
  const other = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => other.once('exit', resolve));
  writeFileSync(join(directory, 'instance.pid'), String(other.pid));
  const unlock = lockInstance(directory);
  unlock();
  lockInstance(directory)();
});
