import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from './local-error.ts';
import { isRunning } from './runtime-info.ts';

/**
 * Claims a runtime's folder for this process.
 * @returns a function that gives it back
 * @throws LocalError when another running process has it
 */
export function lockInstance(directory: string): () => void {
  const file = join(directory, 'instance.pid');
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 1) throw error;
      const pid = Number(readFileSync(file, 'utf8'));
      if (pid > 0 && pid !== process.pid && isRunning(pid)) {
        throw new LocalError(
          `The local runtime is already running (process ${pid}). Use it, or stop it with Ctrl-C in its terminal. ` +
            `(Should that process be something else, delete ${file}.)`,
        );
      }
      rmSync(file, { force: true });
    }
  }
}
