import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from './local-error.ts';
import { projectRoot } from './project-root.ts';
import { runtimeFile } from './runtime-info.ts';

/** A new tenant and its first administrator. */
export interface NewTenant {
  readonly tenant: string;
  readonly admin: { readonly id: string; readonly temporaryPassword: string };
}

/** The current day in UTC, `YYYY-MM-DD`. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/**
 * Creates a tenant as an operator would: by the operator's command.
 * @param directory - the runtime's folder with its `runtime.json`
 */
export async function createTenant(directory: string, name: string, adminEmail: string): Promise<NewTenant> {
  const command = [join(projectRoot, 'bin', 'operator.ts'), 'tenant', 'create'];
  const admin = ['--admin-email', adminEmail, '--admin-trained-on', today()];
  const args = ['--name', name, ...admin, '--runtime', runtimeFile(directory)];
  const { stdout } = await promisify(execFile)(process.execPath, [...command, ...args]).catch((error) => {
    throw new LocalError(String(error.stderr || error.message).trim());
  });
  const tenant = /^tenant +(\S+)$/m.exec(stdout)?.[1];
  const id = /^administrator .*\((\S+)\)$/m.exec(stdout)?.[1];
  const temporaryPassword = /^temporary password +(\S+)$/m.exec(stdout)?.[1];
  if (tenant === undefined || id === undefined || temporaryPassword === undefined) {
    throw new LocalError('The operator command did not print a tenant, an administrator and a password.');
  }
  return { tenant, admin: { id, temporaryPassword } };
}
