import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import type { Principal } from '../../../lambdas/domain/principal.ts';
import type { ChartPorts } from '../../../lambdas/ports/chart-ports.ts';
import { problems } from '../../../model/problems.ts';
import type { RawItem, TestCloud } from '../../emulator.ts';
import { startTestCloud } from '../../emulator.ts';
import { ask, patientBody, person, vitalBody } from './clinic.ts';

let cloud: TestCloud;
let ports: ChartPorts;
let admin: Principal;
let member: Principal;
let tenant: string;
let patient: string;
let other: string;
let vital: string;
let assignment: string;
beforeAll(async () => {
  cloud = await startTestCloud();
});
beforeEach(async () => {
  tenant = await cloud.newTenant();
  ports = cloud.newPorts();
  admin = person(tenant, 'admin');
  member = person(tenant, 'provider');
  const create = async (operation: string, body: unknown): Promise<string> =>
    (await ask(ports, admin, operation, { body })).body.id ?? '';
  patient = await create('Patient.create', patientBody);
  other = await create('Patient.create', { ...patientBody, mrn: 'SYN-2', ssn: '219-09-7777' });
  vital = await create('Vital.create', vitalBody(patient, 120));
  assignment = await create('CareTeamAssignment.create', {
    patient,
    member: member.subject,
    role: 'physician',
    period: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' },
  });
  await ask(ports, admin, 'Patient.update', {
    id: patient,
    ifMatch: 1,
    body: { ...patientBody, phone: '+1 555 0199' },
  });
});
afterAll(() => cloud?.stop());

const at = (item: RawItem): string => `${item.pk?.S} ${item.sk?.S}`;
const place = (of: string, sk: string, in_ = tenant): string => `T#${in_}#P#${of} ${sk}`;
const itemAt = async (table: 'records' | 'keyring', where: string): Promise<RawItem> => {
  const found = (await cloud.items(table)).find((item) => at(item) === where);
  if (!found) throw new Error(`nothing at ${where}`);
  return found;
};
const change = async (table: 'records' | 'keyring', where: string, by: (item: RawItem) => RawItem) => {
  expect(await cloud.edit(table, (item) => at(item) === where, by)).toBe(1);
};
const sealedOf = (item: RawItem) => item.sealed?.M ?? {};
const withSealed = (item: RawItem, field: string, value: RawItem[string] | undefined): RawItem => ({
  ...item,
  sealed: { M: { ...sealedOf(item), ...(value && { [field]: value }) } },
});
const bytesOf = (value: RawItem[string] | undefined): Buffer => Buffer.from(value?.B ?? []);
const all = Object.keys(patientBody);

/** A security event, nothing disclosed: what everyone who asks is told. */
const refusesAll = async (...asked: readonly (() => Promise<unknown>)[]): Promise<void> => {
  for (const run of asked) {
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'integrity-failure', event: undefined });
  }
};
const readPatient =
  (fields: readonly string[] = ['name']) =>
  () =>
    ask(ports, admin, 'Patient.read', { id: patient, fields });
const updatePatient = () =>
  ask(ports, admin, 'Patient.update', { id: patient, ifMatch: 2, body: patientBody });
const searchPatient = () =>
  ask(ports, admin, 'Patient.search', { body: { where: { mrn: patientBody.mrn } } });

test('a failed check of integrity is a security event in the catalogue, and tells the caller nothing', () => {
  expect(problems['integrity-failure']).toMatchObject({ status: 500, event: 'SECURITY' });
  expect(problems['integrity-failure'].title).toBe(problems.internal.title);
});

describe('an envelope', () => {
  const moves: readonly (readonly [string, () => Promise<RawItem>, string])[] = [
    ['another patient', () => itemAt('records', place(other, `Patient#${other}`)), 'mrn'],
    [
      'its own earlier version (rolled back)',
      () => itemAt('records', place(patient, `H#Patient#${patient}#0000000001`)),
      'phone',
    ],
  ];
  test.each(moves)('that came from %s is refused', async (_, source, field) => {
    const stolen = sealedOf(await source())[field];
    await change('records', place(patient, `Patient#${patient}`), (item) => withSealed(item, field, stolen));
    await refusesAll(readPatient(), readPatient([field]), readPatient(all), updatePatient, searchPatient);
  });

  test('that came from another field is refused', async () => {
    await change('records', place(patient, `Patient#${patient}`), (item) =>
      withSealed(item, 'phone', sealedOf(item).ssn),
    );
    await refusesAll(readPatient(), readPatient(['phone']));
  });

  test('that came from another tenant is refused', async () => {
    const elsewhere = await cloud.newTenant();
    const theirs = person(elsewhere, 'admin');
    const id = (await ask(ports, theirs, 'Patient.create', { body: patientBody })).body.id ?? '';
    const stolen = sealedOf(await itemAt('records', place(id, `Patient#${id}`, elsewhere))).mrn;
    await change('records', place(patient, `Patient#${patient}`), (item) => withSealed(item, 'mrn', stolen));
    await refusesAll(readPatient(), readPatient(['mrn']));
  });

  test.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['shortened to less than an envelope', (bytes: Buffer) => bytes.subarray(0, 20)],
    ['garbled', (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff))],
    ['of another format', (bytes: Buffer) => Buffer.concat([Buffer.of(2), bytes.subarray(1)])],
    ['of another key version', (bytes: Buffer) => Buffer.concat([Buffer.of(1, 0, 2), bytes.subarray(3)])],
    [
      'with a changed IV',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 3), Buffer.alloc(12), bytes.subarray(15)]),
    ],
    [
      'with a changed ciphertext',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 15), Buffer.of(0), bytes.subarray(16)]),
    ],
  ] as const)('that is %s does not open', async (_, garble) => {
    await change('records', place(patient, `Patient#${patient}`), (item) =>
      withSealed(item, 'mrn', { B: garble(bytesOf(sealedOf(item).mrn)) }),
    );
    await refusesAll(readPatient(['mrn']), readPatient(all));
  });

  test('that is gone is missed', async () => {
    await change('records', place(patient, `Patient#${patient}`), (item) => {
      const { ssn: _, ...sealed } = sealedOf(item);
      return { ...item, sealed: { M: sealed } };
    });
    await refusesAll(readPatient(), updatePatient);
  });
});

describe('an attribute', () => {
  test.each([
    ['the version', { version: { N: '3' } }],
    ['the time of creation', { createdAt: { S: '2020-01-01T00:00:00.000Z' } }],
    ['the time of change', { updatedAt: { S: '2020-01-01T00:00:00.000Z' } }],
    ['a plain field', { plain: { S: '{"mrn":"forged"}' } }],
    ['the index entries', { indexes: { L: [] } }],
    ['the code', { code: { B: Buffer.alloc(35) } }],
    ['the form of the version', { version: { S: '2' } }],
    ['the form of the envelopes', { sealed: { S: 'x' } }],
    ['the form of one envelope', { sealed: { M: { mrn: { S: 'x' } } } }],
    ['the form of the index entries', { indexes: { L: [{ N: '1' }] } }],
    ['a number that JavaScript cannot hold', { version: { N: '99999999999999999999' } }],
  ] as const)('%s, edited: refused', async (_, edit) => {
    await change(
      'records',
      place(patient, `Patient#${patient}`),
      (item) => ({ ...item, ...edit }) as RawItem,
    );
    await refusesAll(readPatient(), updatePatient, searchPatient);
  });

  test('a digest that was replaced by that of another field is refused', async () => {
    await change('records', place(patient, `Patient#${patient}`), (item) => ({
      ...item,
      digests: { M: { ...item.digests?.M, phone: item.digests?.M?.ssn ?? { NULL: true } } },
    }));
    await refusesAll(readPatient(), updatePatient);
  });

  test("an assignment's period that was edited is refused where it is read and where it decides", async () => {
    const extend = (text: string | undefined) => ({ S: text?.replace('2026-02-01', '2099-02-01') ?? '' });
    const asMember = () => ask(ports, member, 'Patient.read', { id: patient });
    await expect(asMember()).rejects.toMatchObject({ code: 'not-found' });

    const record = place(patient, `CareTeamAssignment#${assignment}`);
    await change('records', record, (item) => ({ ...item, plain: extend(item.plain?.S) }));
    await expect(asMember()).rejects.toMatchObject({ code: 'not-found' });
    await refusesAll(() => ask(ports, admin, 'CareTeamAssignment.read', { id: assignment }));

    await change('records', place(patient, 'ACCESS'), (item) => ({
      ...item,
      content: extend(item.content?.S),
    }));
    await refusesAll(asMember, readPatient(), updatePatient, () =>
      ask(ports, admin, 'Vital.create', { body: vitalBody(patient) }),
    );
  });
});

describe('an item', () => {
  test('that holds the record of another patient is refused', async () => {
    const theirs = await itemAt('records', place(other, `Patient#${other}`));
    await change(
      'records',
      place(patient, `Patient#${patient}`),
      ({ pk, sk }) => ({ ...theirs, pk, sk }) as RawItem,
    );
    await refusesAll(readPatient(), updatePatient);
  });

  test('that holds the version kept as history is refused', async () => {
    const kept = await itemAt('records', place(patient, `H#Patient#${patient}#0000000001`));
    await change(
      'records',
      place(patient, `Patient#${patient}`),
      ({ pk, sk }) => ({ ...kept, pk, sk }) as RawItem,
    );
    await refusesAll(readPatient(), updatePatient);
  });

  test('that holds another record of the same patient is refused', async () => {
    const second = await ask(ports, admin, 'Vital.create', { body: vitalBody(patient, 60) });
    const theirs = await itemAt('records', place(patient, `Vital#${second.body.id}`));
    await change(
      'records',
      place(patient, `Vital#${vital}`),
      ({ pk, sk }) => ({ ...theirs, pk, sk }) as RawItem,
    );
    await refusesAll(
      () => ask(ports, admin, 'Vital.read', { id: vital }),
      () => ask(ports, admin, 'Vital.search', { body: { where: { patient } } }),
    );
  });

  test("that holds another patient's Access item is refused", async () => {
    const joined = await ask(ports, member, 'Patient.create', { body: { ...patientBody, mrn: 'SYN-3' } });
    const theirs = await itemAt('records', place(joined.body.id ?? '', 'ACCESS'));
    await change('records', place(patient, 'ACCESS'), ({ pk, sk }) => ({ ...theirs, pk, sk }) as RawItem);
    await refusesAll(() => ask(ports, member, 'Patient.read', { id: patient }), readPatient());
  });

  test('that is missing beside the keys, or without its keys, is refused', async () => {
    const access = place(patient, 'ACCESS');
    await change('records', access, (item) => ({ ...item, sk: { S: 'moved' } }));
    const { DeleteItemCommand } = await import('@aws-sdk/client-dynamodb');
    const remove = (table: string, of: string, sk: string) =>
      cloud.root.dynamodb.send(
        new DeleteItemCommand({ TableName: table, Key: { pk: { S: `T#${tenant}#P#${of}` }, sk: { S: sk } } }),
      );
    await remove('records', patient, 'ACCESS');
    await refusesAll(readPatient(), updatePatient);
    await remove('keyring', other, 'KEYS');
    await refusesAll(() => ask(ports, admin, 'Patient.read', { id: other }));
  });
});

describe("a patient's keys", () => {
  test('that are another patient’s are refused', async () => {
    const theirs = await itemAt('keyring', place(other, 'KEYS'));
    await change('keyring', place(patient, 'KEYS'), ({ pk, sk }) => ({ ...theirs, pk, sk }) as RawItem);
    await refusesAll(readPatient(), updatePatient);
  });

  test('that were swapped between compartments are refused', async () => {
    await change('keyring', place(patient, 'KEYS'), (item) => ({
      ...item,
      'identity.1': item['clinical.1'] ?? { NULL: true },
    }));
    await refusesAll(readPatient());
  });

  test.each([
    [
      'a changed byte',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]),
    ],
    ['another length', (bytes: Buffer) => bytes.subarray(1)],
    [
      'a branch key version that there is not',
      (bytes: Buffer) => Buffer.concat([Buffer.of(1, 0, 9), bytes.subarray(3)]),
    ],
  ] as const)('that have %s are refused', async (_, garble) => {
    await change('keyring', place(patient, 'KEYS'), (item) => ({
      ...item,
      'integrity.1': { B: garble(bytesOf(item['integrity.1'])) },
    }));
    await refusesAll(readPatient(), updatePatient);
  });

  test('with an attribute that is no key are refused', async () => {
    await change('keyring', place(patient, 'KEYS'), (item) => ({ ...item, 'identity.x': { S: 'x' } }));
    await refusesAll(readPatient());
  });
});

test('a remembered request that was edited is refused', async () => {
  const idempotencyKey = 'key-0123456789abcdef';
  const repeat = () => ask(ports, admin, 'Vital.create', { body: vitalBody(patient), idempotencyKey });
  await repeat();
  const edited = await cloud.edit(
    'records',
    ({ pk }) => pk?.S?.startsWith(`T#${tenant}#I#`) === true,
    (item) => ({ ...item, id: { S: `${other}.01JD0000000000000000000000` } }),
  );
  expect(edited).toBe(1);
  await refusesAll(repeat);
});
