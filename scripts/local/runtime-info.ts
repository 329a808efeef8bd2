import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '../../model/vocabulary.ts';
import type { AccessKeys } from './administrator.ts';
import type { Outputs } from './deployment.ts';
import { LocalError } from './local-error.ts';

/** A made-up person of the demo, who can sign in. */
export interface DemoUser {
  readonly role: Role;
  readonly tenant: string;
  /** The subject of the user's tokens. */
  readonly subject: string;
  readonly email: string;
  readonly password: string;
  /** Base32, as an authenticator app takes it. */
  readonly totpSecret: string;
}

/** A made-up patient whose record the demo holds. */
export interface DemoPatient {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
}

/** What the local runtime was seeded with. */
export interface Demo {
  readonly tenants: readonly { readonly id: string; readonly name: string }[];
  /** The first tenant's users by role; the second tenant's as `other-<role>`. */
  readonly users: Readonly<Record<string, DemoUser>>;
  readonly patients: readonly DemoPatient[];
}

/** Everything that a program needs to use a running local runtime: the content of `runtime.json`. */
export interface RuntimeInfo extends Demo {
  readonly baseUrl: string;
  /** The file of the certificate authority to trust. */
  readonly caCertificate: string;
  readonly issuer: string;
  readonly region: string;
  readonly account: string;
  /** Where the AWS services of the emulator are, and the keys of an administrator there. */
  readonly emulator: { readonly endpoint: string } & AccessKeys;
  /** The stacks' outputs by the stack's short name (`data`, `clinical-api`, …) and the output's key. */
  readonly outputs: Outputs;
  /** The process that serves it. */
  readonly pid: number;
}

/** Where a runtime's information is. */
export const runtimeFile = (directory: string): string => join(directory, 'runtime.json');

/** Writes the information beside the runtime's other files, readable by its owner only. */
export function writeRuntimeInfo(directory: string, info: RuntimeInfo): void {
  const temporary = `${runtimeFile(directory)}.new`;
  writeFileSync(temporary, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, runtimeFile(directory));
}

/**
 * Reads what a running runtime wrote.
 * @throws LocalError when none is running
 */
export function readRuntimeInfo(directory: string): RuntimeInfo {
  const file = runtimeFile(directory);
  const info = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RuntimeInfo) : undefined;
  if (info === undefined || !isRunning(info.pid)) {
    throw new LocalError('The local runtime is not running. Start it in another terminal: npm start');
  }
  return info;
}

/** Whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
