import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { LocalError } from './local-error.ts';
import { projectRoot } from './project-root.ts';

/** The account that the emulator plays. */
export const emulatorAccount = '111122223333';
/** The region of the local stage. */
export const emulatorRegion = 'us-east-1';

/** A running AWS emulator. */
export interface Emulator {
  readonly endpoint: string;
  readonly port: number;
  /** Settles when the process has ended, by whatever cause. */
  readonly ended: Promise<void>;
  /** Ends the process and waits until its state is saved. */
  stop(): Promise<void>;
}

const startSeconds = 30;
const stopSeconds = 20;

/**
 * Starts the pinned ministack on loopback with IAM evaluation on.
 * @param options.directory - holds its state, its temporary files and `emulator.log`
 * @param options.port - the port it had last time; another is chosen when that is taken
 * @throws LocalError when the Python environment is missing or the process does not come up
 */
export async function startEmulator(options: { directory: string; port?: number }): Promise<Emulator> {
  const { directory } = options;
  const python = join(
    projectRoot,
    '.local',
    'venv',
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  if (!existsSync(python))
    throw new LocalError('The AWS emulator is not installed. Run: node scripts/set-up.mjs');
  const port = await freePort(options.port);
  const temporary = join(directory, 'tmp');
  rmSync(temporary, { recursive: true, force: true });
  for (const folder of ['state', 's3', 'tmp'])
    mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });

  // The emulator puts CommonJS files there; this keeps the repository's own package.json from making them modules.
  writeFileSync(join(temporary, 'package.json'), '{}');

  const logFile = join(directory, 'emulator.log');
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(python, ['-B', join(projectRoot, 'scripts', 'local', 'emulator', 'launch.py')], {
    cwd: directory,
    detached: true,
    stdio: ['pipe', log, log],
    env: emulatorEnvironment(directory, port),
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilHealthy(child, endpoint, logFile);
  return { endpoint, port, ended, stop: () => stopEmulator(child, ended) };
}

function emulatorEnvironment(directory: string, port: number): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS_|NODE_OPTIONS$|VITEST|npm_)/i.test(name)),
  );
  return {
    ...inherited,
    // Functions run as Node processes of the emulator: the pinned Node comes first.
    PATH: [join(projectRoot, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter),
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: emulatorAccount,
    MINISTACK_REGION: emulatorRegion,
    AUTH: 'true',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    MINISTACK_COGNITO_PRETOKEN_STRICT: '1',
    CLOUDTRAIL_RECORDING: '1',
    PERSIST_STATE: '1',
    S3_PERSIST: '1',
    STATE_DIR: join(directory, 'state'),
    S3_DATA_DIR: join(directory, 's3'),
    TMPDIR: join(directory, 'tmp'),
    PYTHONUNBUFFERED: '1',
  };
}

async function untilHealthy(child: ChildProcess, endpoint: string, logFile: string): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const healthy = await fetch(`${endpoint}/_ministack/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new LocalError(`The AWS emulator did not start. Its output: ${logFile}`);
}

async function stopEmulator(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  child.stdin?.destroy();
  const late = sleep(stopSeconds * 1000, 'late', { ref: false });
  if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
  await ended;
}
