import { randomBytes } from 'node:crypto';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import type { AuditEventType } from '../../model/audit-event-types.ts';
import type { Role } from '../../model/vocabulary.ts';
import { createTenant, today } from '../../scripts/local/create-tenant.ts';
import type { RuntimeInfo } from '../../scripts/local/runtime-info.ts';
import type { Trail } from './audit-trail.ts';
import { expectAudited } from './audit-trail.ts';
import type { Answer, Send } from './client.ts';
import { connect, expectStatus } from './client.ts';
import type { Cloud } from './cloud.ts';
import { openCloud } from './cloud.ts';
import { runtimeDirectory } from './saved-state.ts';
import type { SignedIn } from './sign-in.ts';
import { signIn } from './sign-in.ts';

/** A signed-in person. */
export interface Person extends SignedIn {
  readonly role: Role;
  readonly subject: string;
  /** Sends a request with the person's access token, unless it names another. */
  readonly send: Send;
  /** The answer that created the person's user; absent for a tenant's first admin. */
  readonly created?: Answer;
}

/** A tenant of a test's own, with its people, beside a view of the account below. */
export interface Clinic {
  readonly runtime: RuntimeInfo;
  readonly cloud: Cloud;
  readonly tenant: string;
  readonly trail: Trail;
  readonly admin: Person;
  /** Sends a request without credentials. */
  readonly send: Send;
  /** Sends a request with the admin's access token of a sign-in of the last minutes, which sensitive operations need. */
  readonly administer: Send;
  /** Has the admin create a user, and signs the person in. */
  readonly join: (role: Role, patient?: string) => Promise<Person>;
  /** Checks that a request has exactly one audit entry, of this type. */
  readonly audited: (answer: Answer, type: AuditEventType) => Promise<AuditEntry>;
}

/** The name of a stack's output's resource. */
export const output = ({ outputs }: RuntimeInfo, stack: string, key: string): string => {
  const value = outputs[stack]?.[key];
  if (value === undefined) throw new Error(`the stack ${stack} has no output ${key}`);
  return value;
};

const emailOf = (role: Role): string => `${role}-${randomBytes(6).toString('hex')}@staff.example`;

const claims = (token: string): Record<string, string> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

/** Opens a tenant of its own, so that no test depends on another one's. */
export const openClinic = async (runtime: RuntimeInfo): Promise<Clinic> => {
  const cloud = openCloud(runtime);
  const send = connect(runtime);
  const enter = async (role: Role, email: string, password: string): Promise<Person> => {
    const signedIn = await signIn(send, { email, password });
    return {
      ...signedIn,
      role,
      subject: claims(signedIn.accessToken).sub ?? '',
      send: (ask) => send({ token: signedIn.accessToken, ...ask }),
    };
  };
  const email = emailOf('admin');
  const { tenant, admin: first } = await createTenant(runtimeDirectory(runtime), 'Synthetic clinic', email);
  const admin = await enter('admin', email, first.temporaryPassword);
  let recent = admin;
  const administer: Send = async (ask) => {
    const age = Date.now() / 1000 - Number(claims(recent.accessToken).auth_time);
    if (age > 240) recent = { ...admin, ...(await signIn(send, admin.credentials)) };
    return send({ token: recent.accessToken, ...ask });
  };
  const join: Clinic['join'] = async (role, patient) => {
    const address = emailOf(role);
    const created = await administer({
      method: 'POST',
      path: '/identity/v1/users',
      body: { email: address, role, ...(patient === undefined ? { trainedOn: today() } : { patient }) },
    });
    const { temporaryPassword } = expectStatus(created, 201).body as { temporaryPassword: string };
    return { ...(await enter(role, address, temporaryPassword)), created };
  };
  const trail = { table: output(runtime, 'audit', 'AuditTable'), tenant };
  return {
    runtime,
    cloud,
    tenant,
    trail,
    admin,
    send,
    administer,
    join,
    audited: (answer, type) => expectAudited(cloud, trail, answer, type),
  };
};
