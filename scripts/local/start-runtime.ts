import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { administratorKeys } from './administrator.ts';
import { localCertificate } from './certificate.ts';
import { deploy, type Outputs } from './deployment.ts';
import { type Emulator, emulatorAccount, emulatorRegion, startEmulator } from './emulator.ts';
import { isFree } from './free-port.ts';
import { lockInstance } from './instance-lock.ts';
import { defaultPort, type Listener, listen, type Route } from './listener.ts';
import { LocalError } from './local-error.ts';
import { progress } from './progress.ts';
import { projectRoot } from './project-root.ts';
import { type RuntimeInfo, runtimeFile, writeRuntimeInfo } from './runtime-info.ts';
import { seedDemo } from './seed.ts';

/** How to start a local runtime. */
export interface RuntimeOptions {
  /** Holds all state of this instance. @default '.local' in the repository */
  readonly directory?: string;
  /** The port of the API on loopback; 0 lets the system choose. @default 8443 */
  readonly port?: number;
  /** Whether to create the demo's tenants, users and patients. @default true */
  readonly seed?: boolean;
  /** Receives progress lines. @default console.log */
  readonly log?: (line: string) => void;
  /** Throws away what an earlier start left. @default false */
  readonly reset?: boolean;
  /** Gives up starting when it aborts. */
  readonly signal?: AbortSignal;
}

/** A running local runtime. */
export interface Runtime {
  readonly info: RuntimeInfo;
  /** Settles when the emulator has ended, also when it was not asked to. */
  readonly ended: Promise<void>;
  /** Closes the listener and ends the emulator after it saved its state. */
  stop(): Promise<void>;
}

/** What an earlier start leaves that `reset` removes; the certificate authority stays, so that clients still trust it. */
const stateFiles = [
  'cdk.out',
  'cdk-home',
  'demo.json',
  'deployed.json',
  'emulator-administrator.json',
  's3',
  'state',
  'synthesized-from',
  'tmp',
];
const stage = 'local';

/**
 * Starts the whole platform on this computer: the real stacks in an AWS emulator, behind a TLS 1.3 listener, all on
 * loopback. Several can run side by side in folders of their own.
 * @throws LocalError with a sentence for the person at the keyboard
 */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { port = defaultPort, seed = true, log = console.log, reset = false, signal } = options;
  const directory = resolve(options.directory ?? join(projectRoot, '.local'));
  const report = progress(log);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockInstance(directory);
  let emulator: Emulator | undefined;
  let listener: Listener | undefined;
  const stop = async () => {
    rmSync(runtimeFile(directory), { force: true });
    await listener?.close();
    await emulator?.stop();
    rmSync(join(directory, 'tmp'), { recursive: true, force: true });
    unlock();
  };
  try {
    if (port !== 0 && !(await isFree(port))) throw portTaken(port);
    const lastPort = previousEmulatorPort(directory);
    if (reset) for (const name of stateFiles) rmSync(join(directory, name), { recursive: true, force: true });
    emulator = await startEmulator({ directory, port: lastPort });
    writeFileSync(portFile(directory), String(emulator.port));
    report(`started the AWS emulator on 127.0.0.1:${emulator.port}`);
    signal?.throwIfAborted();
    const keys = await administratorKeys(directory, emulator.endpoint);
    const outputs = await deploy({
      directory,
      stage,
      endpoint: emulator.endpoint,
      keys,
      report,
      ...(signal ? { signal } : {}),
    });
    signal?.throwIfAborted();
    const certificate = await localCertificate(join(directory, 'tls'));
    listener = await listen(certificate, port, routesOf(outputs, emulator.endpoint));
    const location = {
      baseUrl: `https://localhost:${listener.port}`,
      caCertificate: certificate.authorityFile,
      issuer: `https://cognito-idp.${emulatorRegion}.amazonaws.com/${outputs.identity?.UserPoolId ?? ''}`,
      region: emulatorRegion,
      account: emulatorAccount,
      emulator: { endpoint: emulator.endpoint, ...keys },
      outputs,
      pid: process.pid,
    };
    const empty: RuntimeInfo = { ...location, tenants: [], users: {}, patients: [] };
    writeRuntimeInfo(directory, empty);
    const info: RuntimeInfo = seed ? { ...empty, ...(await seedDemo(directory, location, report)) } : empty;
    writeRuntimeInfo(directory, info);
    report(`ready: ${info.baseUrl}`);
    return { info, ended: emulator.ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function portTaken(port: number): LocalError {
  return new LocalError(
    `Port ${port} is taken by another program. Choose another: npm start -- --port ${port + 1}`,
  );
}

const portFile = (directory: string) => join(directory, 'emulator-port');

/** The emulator keeps its port between starts where it can, for its state holds addresses. */
function previousEmulatorPort(directory: string): number {
  const file = portFile(directory);
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}

/**
 * Every API names its base path, its id and its stage in its stack's outputs. Managed login, which has a domain of its own on
 * AWS, is served beside them.
 */
function routesOf(outputs: Outputs, endpoint: string): Route[] {
  const apis = Object.values(outputs).flatMap(({ BasePath, ApiId, ApiStage }) =>
    BasePath && ApiId && ApiStage
      ? [{ basePath: BasePath, target: `${endpoint}/restapis/${ApiId}/${ApiStage}/_user_request_` }]
      : [],
  );
  return [...apis, { basePath: 'oauth2', target: `${endpoint}/oauth2` }];
}
