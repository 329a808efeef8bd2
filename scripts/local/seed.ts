import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CareTeamAssignmentInput } from '../../model/resources/care-team-assignment.ts';
import type { PatientInput } from '../../model/resources/patient.ts';
import type { VitalInput } from '../../model/resources/vital.ts';
import type { Role } from '../../model/vocabulary.ts';
import { type ApiRequest, call, enrol } from './api-client.ts';
import { createTenant, today } from './create-tenant.ts';
import { LocalError } from './local-error.ts';
import type { Progress } from './progress.ts';
import type { Demo, DemoPatient, DemoUser, RuntimeInfo } from './runtime-info.ts';

/** A runtime that is up, before it has a demo. */
export type RuntimeLocation = Omit<RuntimeInfo, keyof Demo>;

interface SignedIn {
  readonly user: DemoUser;
  readonly token: string;
}

interface KeptDemo {
  /** The user pool that these users are in: a new one knows none of them. */
  readonly issuer: string;
  readonly demo: Demo;
}

const clinical = '/clinical/v1';
const identity = '/identity/v1';

/**
 * Fills a new runtime with two tenants, their users and synthetic patients, as an operator, an administrator, a
 * provider and a nurse would: through the operator's command and the public API. Does nothing when that was done.
 * @param directory - keeps the users' passwords and TOTP secrets in `demo.json`, readable by its owner only
 */
export async function seedDemo(
  directory: string,
  location: RuntimeLocation,
  report: Progress,
): Promise<Demo> {
  const file = join(directory, 'demo.json');
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as KeptDemo;
    if (kept.issuer === location.issuer) return kept.demo;
  }
  report('creating the demo: tenants, users, patients');
  const demo = await createDemo(directory, location, report).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LocalError(
      `${reason}\nIf an earlier start was interrupted here, forget what it left: npm start -- --reset`,
    );
  });
  const kept: KeptDemo = { issuer: location.issuer, demo };
  writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
  return demo;
}

async function createDemo(directory: string, location: RuntimeLocation, report: Progress): Promise<Demo> {
  const [first, second] = await Promise.all([
    newTenant(directory, location, 'Riverside Clinic', 'riverside.example'),
    newTenant(directory, location, 'Hillside Hospital', 'hillside.example'),
  ]);
  const newMember = (role: Role) => newUser(location, first.admin, role, `${role}@riverside.example`);
  const [provider, nurse, billing, otherProvider] = await Promise.all([
    newMember('provider'),
    newMember('nurse'),
    newMember('billing'),
    newUser(location, second.admin, 'provider', 'provider@hillside.example'),
  ]);
  report('users are enrolled');

  const patients: DemoPatient[] = [];
  for (const person of people) patients.push(await newPatient(location, provider, nurse, person));
  const own = patients[0]?.id ?? '';
  const patient = await newUser(location, first.admin, 'patient', 'patient@riverside.example', own);
  report(`${patients.length} synthetic patients have records`);

  return {
    tenants: [first.tenant, second.tenant],
    users: {
      admin: first.admin.user,
      provider: provider.user,
      nurse: nurse.user,
      billing: billing.user,
      patient: patient.user,
      'other-admin': second.admin.user,
      'other-provider': otherProvider.user,
    },
    patients,
  };
}

async function newTenant(directory: string, location: RuntimeLocation, name: string, domain: string) {
  const email = `admin@${domain}`;
  const { tenant, admin } = await createTenant(directory, name, email);
  const user = { subject: admin.id, email, temporaryPassword: admin.temporaryPassword };
  return { tenant: { id: tenant, name }, admin: await firstSignIn(location, user, 'admin', tenant) };
}

async function newUser(
  location: RuntimeLocation,
  admin: SignedIn,
  role: Role,
  email: string,
  patient?: string,
): Promise<SignedIn> {
  const body = { email, role, ...(patient === undefined ? { trainedOn: today() } : { patient }) };
  const made = await create(location, admin.token, `${identity}/users`, body);
  const user = { subject: made.id, email, temporaryPassword: made.temporaryPassword ?? '' };
  return firstSignIn(location, user, role, admin.user.tenant);
}

async function firstSignIn(
  location: RuntimeLocation,
  { subject, email, temporaryPassword }: { subject: string; email: string; temporaryPassword: string },
  role: Role,
  tenant: string,
): Promise<SignedIn> {
  const password = randomPassword();
  const { tokens, totpSecret } = await enrol(location, { email, temporaryPassword }, password);
  return { user: { role, tenant, subject, email, password, totpSecret }, token: tokens.accessToken };
}

async function newPatient(
  location: RuntimeLocation,
  provider: SignedIn,
  nurse: SignedIn,
  { record, vitals }: (typeof people)[number],
): Promise<DemoPatient> {
  const { id } = await create(location, provider.token, `${clinical}/patients`, record);
  const assignment: CareTeamAssignmentInput = {
    patient: id,
    member: nurse.user.subject,
    role: 'nurse',
    period: { start: new Date(Date.now() - 60_000).toISOString() },
  };
  await create(location, provider.token, `${clinical}/care-team-assignments`, assignment);
  for (const [code, value, unit, minutesAgo] of vitals) {
    const vital: VitalInput = {
      patient: id,
      code,
      valueQuantity: { value, code: unit },
      effectiveDateTime: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
    };
    await create(location, nurse.token, `${clinical}/vitals`, vital);
  }
  return { id, tenant: provider.user.tenant, name: `${record.name.given.join(' ')} ${record.name.family}` };
}

async function create(location: RuntimeLocation, token: string, path: string, body: unknown) {
  const request: ApiRequest = { method: 'POST', path, token, body };
  const answer = await call(location, request);
  if (answer.status === 201)
    return answer.body as { readonly id: string; readonly temporaryPassword?: string };
  throw new LocalError(
    `The demo could not be created: POST ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`,
  );
}

/** A password that any policy accepts: all four kinds of characters, 24 of them. */
export function randomPassword(): string {
  const kinds = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '-_.+='];
  const characters = Array.from({ length: 24 }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? '';
    return kind[randomInt(kind.length)] ?? '';
  });
  for (let index = characters.length - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    [characters[index], characters[other]] = [characters[other] ?? '', characters[index] ?? ''];
  }
  return characters.join('');
}

/** Made-up people and their vital signs: LOINC code, value, UCUM unit, minutes before now. */
const people: readonly {
  readonly record: PatientInput;
  readonly vitals: readonly (readonly [string, number, string, number])[];
}[] = [
  {
    record: {
      name: { family: "O'Brien", given: ['José', 'Niamh'] },
      birthDate: '1984-02-29',
      gender: 'female',
      mrn: 'SYN-000001',
      ssn: '219-09-9999',
      email: 'jose.obrien@example.org',
      phone: '+1 555 0100',
      address: {
        line: ['1 Example Street'],
        city: 'Springfield',
        state: 'IL',
        postalCode: '62701',
        country: 'US',
      },
      insurance: { payor: 'Example Health Plan', subscriberId: 'SUB-000001' },
    },
    vitals: [
      ['8867-4', 72, '/min', 90],
      ['8480-6', 118, 'mm[Hg]', 90],
      ['8462-4', 76, 'mm[Hg]', 90],
    ],
  },
  {
    record: {
      name: { family: '李', given: ['小龍'] },
      birthDate: '1990-11-27',
      gender: 'male',
      mrn: 'SYN-000002',
    },
    vitals: [
      ['8310-5', 37.2, 'Cel', 60],
      ['59408-5', 98, '%', 60],
    ],
  },
  {
    record: {
      name: { family: 'Ångström-Nuñez', given: ['Zoë'] },
      birthDate: '2015-06-01',
      gender: 'other',
      mrn: 'SYN-000003',
      phone: '+1 555 0102',
    },
    vitals: [['29463-7', 24.5, 'kg', 30]],
  },
];
