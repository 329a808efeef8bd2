import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { LocalError } from './local-error.ts';

/** How a command is run: its environment, working directory and where its output goes. */
export interface CommandOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Receives everything that the command prints. */
  readonly logFile: string;
  readonly signal?: AbortSignal;
}

const shownLines = 25;

/**
 * Runs a program to its end and returns what it wrote to standard output.
 * @throws LocalError with the last lines of its output when it fails
 */
export function runCommand(
  what: string,
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { environment, directory, logFile, signal } = options;
  return new Promise((resolve, reject) => {
    const file = createWriteStream(logFile, { flags: 'a' });
    file.write(`\n== ${what}\n`);
    const child = spawn(command, args, {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    let stdout = '';
    const lines: string[] = [];
    const keep = (chunk: Buffer) => {
      file.write(chunk);
      lines.push(...chunk.toString('utf8').split('\n'));
      if (lines.length > 400) lines.splice(0, lines.length - 400);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      keep(chunk);
    });
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      file.end();
      reject(new LocalError(`${what} could not be started: ${error.message}`));
    });
    child.once('close', (code, signalName) => {
      file.end();
      if (code === 0) return resolve(stdout);
      const tail = lines.filter((line) => line.trim() !== '').slice(-shownLines);
      const reason = code === null ? `was ended by ${signalName}` : `failed with exit code ${code}`;
      reject(new LocalError(`${what} ${reason}:\n${tail.join('\n')}\nThe whole output: ${logFile}`));
    });
  });
}
