import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { patient as patientResource } from '../../model/resources/patient.ts';
import { auditEntries } from './audit-trail.ts';
import type { Answer, Ask } from './client.ts';
import { expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { contentsOf, environmentOf, renewFunction } from './cloud.ts';
import { rolesOf, whileDenied, whileDisabled } from './faults.ts';
import { markedRecord } from './marked-record.ts';

const patients = '/clinical/v1/patients';
const { record } = markedRecord(patientResource);

let clinic: Clinic;
let provider: Person;
let path: string;
let roles: readonly string[];
let clinical: string;
let tables: Readonly<Record<'records' | 'keyring' | 'directory' | 'sessions' | 'audit', string>>;

const arn = (table: string): readonly string[] => {
  const { region, account } = clinic.runtime;
  const name = `arn:aws:dynamodb:${region}:${account}:table/${table}`;
  return [name, `${name}/index/*`];
};

/** A read, a search and every kind of write. */
const requests = (): Readonly<Record<string, Ask>> => ({
  read: { path: `${path}?fields=name,ssn` },
  search: { method: 'POST', path: `${patients}/_search`, body: { where: { mrn: record.mrn } } },
  create: { method: 'POST', path: patients, body: markedRecord(patientResource).record },
  update: {
    method: 'PUT',
    path,
    body: { ...record, gender: 'other' },
    headers: { 'if-match': '"1"' },
  },
});

/** Digests of what tables hold of the tenant; the directory's principals have no tenant in their keys. */
const contents = async (...names: (keyof typeof tables)[]): Promise<readonly string[]> =>
  Promise.all(
    names.map((name) =>
      contentsOf(clinic.cloud, tables[name], name === 'directory' ? undefined : `T#${clinic.tenant}#`),
    ),
  );

/** Every request is answered 503 without a body beside the problem, and changes nothing that is kept. */
const expectClosed = async (): Promise<readonly Answer[]> => {
  const kept = ['records', 'keyring', 'directory'] as const;
  const before = await contents(...kept);
  const answers: Answer[] = [];
  for (const [name, request] of Object.entries(requests())) {
    const answer = await provider.send(request);
    expect([name, answer.status]).toEqual([name, 503]);
    answers.push(expectProblem(answer, 'unavailable'));
  }
  expect(await contents(...kept)).toEqual(before);
  return answers;
};

const expectOpen = async (): Promise<void> => {
  const answer = expectStatus(await provider.send({ path }), 200);
  await clinic.audited(answer, 'PHI_ACCESS');
};

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  const { runtime, cloud } = clinic;
  provider = await clinic.join('provider');
  clinical = output(runtime, 'clinical-api', 'FunctionName');
  roles = Object.values(await rolesOf(cloud, clinical));
  tables = {
    records: output(runtime, 'data', 'RecordsTable'),
    keyring: output(runtime, 'data', 'KeyringTable'),
    directory: output(runtime, 'data', 'DirectoryTable'),
    sessions: output(runtime, 'data', 'SessionsTable'),
    audit: output(runtime, 'audit', 'AuditTable'),
  };
  const created = await provider.send({ method: 'POST', path: patients, body: record });
  path = `${patients}/${String(expectStatus(created, 201).body.id)}`;
});

afterEach(async () => {
  await renewFunction(clinic.cloud, clinical);
  await expectOpen();
});

describe('while the audit table cannot be written', () => {
  test('because the function is not allowed to, nothing is disclosed or changed', async () => {
    await whileDenied(clinic.cloud, roles, ['dynamodb:*'], arn(tables.audit), async () => {
      const before = await contents('audit');
      await expectClosed();
      expect(await contents('audit')).toEqual(before);
    });
  });

  test('because it is gone, nothing is disclosed or changed', async () => {
    await renewFunction(clinic.cloud, clinical, { AUDIT_TABLE: 'no-such-table' });
    try {
      await expectClosed();
    } finally {
      await renewFunction(clinic.cloud, clinical, { AUDIT_TABLE: tables.audit });
    }
  });

  test('a token is not issued either', async () => {
    const identity = output(clinic.runtime, 'identity-api', 'FunctionName');
    const names = Object.values(await rolesOf(clinic.cloud, identity));
    const { email, password } = provider.credentials;
    await whileDenied(clinic.cloud, names, ['dynamodb:*'], arn(tables.audit), async () => {
      const login = { method: 'POST', path: '/identity/v1/auth/login', body: { email, password } };
      expectProblem(await clinic.send(login), 'unavailable');
      const refresh = {
        method: 'POST',
        path: '/identity/v1/auth/refresh',
        body: { refreshToken: provider.refreshToken },
      };
      expectProblem(await clinic.send(refresh), 'unavailable');
    });
  });
});

describe('while something else is missing, nothing is disclosed or changed, and each failure is audited once', () => {
  const expectAuditedFailures = async (answers: readonly Answer[]): Promise<void> => {
    for (const answer of answers) await clinic.audited(answer, 'SERVICE_FAILURE');
  };

  test.each(['records', 'keyring', 'sessions'] as const)('the %s table', async (name) => {
    await renewFunction(clinic.cloud, clinical);
    const answers = await whileDenied(clinic.cloud, roles, ['dynamodb:*'], arn(tables[name]), expectClosed);
    await expectAuditedFailures(answers);
  });

  test('the key of the fields, for a new function process', async () => {
    const { variables } = await environmentOf(clinic.cloud, clinical);
    const key = variables.FIELD_KEY_ARN ?? '';
    await renewFunction(clinic.cloud, clinical);
    await expectAuditedFailures(await whileDisabled(clinic.cloud, key, expectClosed));
  });

  test('every table at once: no answer and no entry', async () => {
    const all = Object.values(tables).flatMap(arn);
    const answers = await whileDenied(clinic.cloud, roles, ['dynamodb:*'], all, expectClosed);
    for (const { requestId } of answers)
      expect(await auditEntries(clinic.cloud, clinic.trail, requestId)).toEqual([]);
  });
});
