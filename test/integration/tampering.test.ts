import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { patient as patientResource } from '../../model/resources/patient.ts';
import type { Answer, Ask } from './client.ts';
import { expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import type { Item } from './cloud.ts';
import { contentsOf, itemsOf } from './cloud.ts';
import { markedRecord } from './marked-record.ts';

const patients = '/clinical/v1/patients';
const assignments = '/clinical/v1/care-team-assignments';

interface Chart {
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly path: string;
}

let clinic: Clinic;
let provider: Person;
let table: string;
let keyring: string;
let chart: Chart;
let other: Chart;

const partition = (id: string): string => `T#${clinic.tenant}#P#${id}`;
const recordKey = (id: string): Item => ({ pk: { S: partition(id) }, sk: { S: `Patient#${id}` } });
const accessKey = (id: string): Item => ({ pk: { S: partition(id) }, sk: { S: 'ACCESS' } });

const get = async (key: Item, from = table): Promise<Item> => {
  const { Item } = await clinic.cloud.dynamodb.send(
    new GetItemCommand({ TableName: from, Key: key, ConsistentRead: true }),
  );
  if (Item === undefined) throw new Error(`no item ${key.sk?.S}`);
  return Item;
};
const contents = (): Promise<string> => contentsOf(clinic.cloud, table, `T#${clinic.tenant}#`);
const put = async (item: Item, to = table): Promise<void> => {
  await clinic.cloud.dynamodb.send(new PutItemCommand({ TableName: to, Item: item }));
};

/** What the tests changed, as it was. */
const originals: { readonly item: Item; readonly table: string }[] = [];
/** Changes an item behind the platform's back, as someone with access to the table could; undone after the test. */
const tamper = async (key: Item, change: (item: Item) => Item, at = table): Promise<void> => {
  const before = await get(key, at);
  originals.push({ item: before, table: at });
  const after = change(structuredClone(before));
  expect(after).not.toEqual(before);
  await put(after, at);
};
const part = (item: Item, name: string): Item => {
  const map = item[name]?.M;
  if (map === undefined) throw new Error(`the item has no map ${name}`);
  return map;
};

const newChart = async (): Promise<Chart> => {
  const { record } = markedRecord(patientResource);
  const { body } = expectStatus(await provider.send({ method: 'POST', path: patients, body: record }), 201);
  const id = String(body.id);
  return { id, record, path: `${patients}/${id}` };
};
const search = (where: unknown): Ask => ({ method: 'POST', path: `${patients}/_search`, body: { where } });
const update = ({ path, record }: Chart, version: number): Ask => ({
  method: 'PUT',
  path,
  body: { ...record, gender: 'other' },
  headers: { 'if-match': `"${version}"` },
});

/** The refusal of something tampered with: a generic answer, nothing disclosed, one security event. */
const expectSecurityEvent = async (answer: Answer): Promise<void> => {
  expectProblem(answer, 'integrity-failure');
  const entry = await clinic.audited(answer, 'SECURITY');
  expect(entry).toMatchObject({ tenant: clinic.tenant, actor: provider.subject, outcome: 'failure' });
  expect(entry.disclosed ?? []).toEqual([]);
  expect(entry.matches ?? []).toEqual([]);
};

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  provider = await clinic.join('provider');
  table = output(clinic.runtime, 'data', 'RecordsTable');
  keyring = output(clinic.runtime, 'data', 'KeyringTable');
  [chart, other] = await Promise.all([newChart(), newChart()]);
});

afterEach(async () => {
  for (const { item, table: from } of originals.splice(0).reverse()) await put(item, from);
  expectStatus(await provider.send({ path: chart.path }), 200);
});

describe('a record that was edited in the table', () => {
  const edits: Readonly<Record<string, (item: Item) => Item>> = {
    'two fields’ envelopes swapped': (item) => {
      const { email, phone } = part(item, 'sealed');
      Object.assign(part(item, 'sealed'), { email: phone, phone: email });
      return item;
    },
    'two fields’ envelopes and digests swapped': (item) => {
      for (const map of ['sealed', 'digests']) {
        const { email, phone } = part(item, map);
        Object.assign(part(item, map), { email: phone, phone: email });
      }
      return item;
    },
    'one field taken out': (item) => {
      for (const map of ['sealed', 'digests']) delete part(item, map).ssn;
      return item;
    },
    'another version number': (item) => ({ ...item, version: { N: String(Number(item.version?.N) + 1) } }),
    'another date of change': (item) => ({ ...item, updatedAt: { S: '2020-01-01T00:00:00.000Z' } }),
  };

  test.each(Object.entries(edits))('%s: is not read, found or changed', async (_, edit) => {
    await tamper(recordKey(chart.id), edit);
    const version = Number((await get(recordKey(chart.id))).version?.N);
    const before = await contents();
    await expectSecurityEvent(await provider.send({ path: `${chart.path}?fields=name` }));
    await expectSecurityEvent(await provider.send(search({ mrn: chart.record.mrn })));
    await expectSecurityEvent(await provider.send(update(chart, version)));
    expect(await contents()).toBe(before);
  });

  test('one bit of a ciphertext turned: that field is not read, and others are', async () => {
    await tamper(recordKey(chart.id), (item) => {
      const bytes = Uint8Array.from(part(item, 'sealed').name?.B ?? []);
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      part(item, 'sealed').name = { B: bytes };
      return item;
    });
    await expectSecurityEvent(await provider.send({ path: `${chart.path}?fields=name` }));
    await expectSecurityEvent(await provider.send({ path: `${chart.path}?fields=phone,name` }));
    await expectSecurityEvent(await provider.send(search({ mrn: chart.record.mrn })));
    expectStatus(await provider.send({ path: `${chart.path}?fields=phone` }), 200);
  });

  test('an envelope rolled back to an older one, with its digest: is not read', async () => {
    const older = await newChart();
    const before = await get(recordKey(older.id));
    expectStatus(
      await provider.send({ ...update(older, 1), body: { ...older.record, phone: '+1 555 0142' } }),
      200,
    );
    await tamper(recordKey(older.id), (item) => {
      for (const map of ['sealed', 'digests'])
        part(item, map).phone = part(before, map).phone ?? { NULL: true };
      return item;
    });
    await expectSecurityEvent(await provider.send({ path: `${older.path}?fields=name` }));
    await expectSecurityEvent(await provider.send({ path: `${older.path}?fields=phone` }));
  });

  test('another patient’s record under this one’s key: is not read', async () => {
    const foreign = await get(recordKey(other.id));
    await tamper(recordKey(chart.id), (item) => ({ ...foreign, pk: item.pk, sk: item.sk }) as Item);
    await expectSecurityEvent(await provider.send({ path: chart.path }));
  });

  test('another patient’s keys under this one’s name: open nothing', async () => {
    const keys = (id: string): Item => ({ pk: { S: partition(id) }, sk: { S: 'KEYS' } });
    const foreign = await get(keys(other.id), keyring);
    await tamper(keys(chart.id), (item) => ({ ...foreign, pk: item.pk, sk: item.sk }) as Item, keyring);
    await expectSecurityEvent(await provider.send({ path: chart.path }));
  });
});

describe('access that was edited in the table', () => {
  const later = (text: string): string => text.replaceAll(/"start":"\d{4}/g, '"start":"2001');

  test('an assignment’s period in its record: the assignment is not read', async () => {
    const { body } = expectStatus(
      await provider.send({
        method: 'POST',
        path: `${assignments}/_search`,
        body: { where: { patient: chart.id } },
      }),
      200,
    );
    const [{ id }] = body.items as [{ id: string }];
    const key = { pk: { S: partition(chart.id) }, sk: { S: `CareTeamAssignment#${id}` } };
    await tamper(key, (item) => ({ ...item, plain: { S: later(item.plain?.S ?? '') } }));
    await expectSecurityEvent(await provider.send({ path: `${assignments}/${id}` }));
    await expectSecurityEvent(
      await provider.send({
        method: 'POST',
        path: `${assignments}/_search`,
        body: { where: { patient: chart.id } },
      }),
    );
  });

  test('an assignment’s period in the Access item: nothing of the chart is read', async () => {
    await tamper(accessKey(chart.id), (item) => ({ ...item, content: { S: later(item.content?.S ?? '') } }));
    await expectSecurityEvent(await provider.send({ path: chart.path }));
    await expectSecurityEvent(await provider.send(search({ mrn: chart.record.mrn })));
    await expectSecurityEvent(await provider.send(update(chart, 1)));
  });

  test('a member added to the Access item by someone outside: that member reads nothing', async () => {
    const outsider = await clinic.join('provider');
    await tamper(accessKey(chart.id), (item) => ({
      ...item,
      content: { S: (item.content?.S ?? '').replaceAll(provider.subject, outsider.subject) },
    }));
    const answer = expectProblem(await outsider.send({ path: chart.path }), 'integrity-failure');
    await clinic.audited(answer, 'SECURITY');
  });

  test('the Access items of two patients swapped: neither chart is read', async () => {
    const [one, two] = await Promise.all([get(accessKey(chart.id)), get(accessKey(other.id))]);
    // An item with another key's content differs even when the same provider cares for both.
    await tamper(accessKey(chart.id), (item) => ({ ...two, pk: item.pk, sk: item.sk }) as Item);
    await tamper(accessKey(other.id), (item) => ({ ...one, pk: item.pk, sk: item.sk }) as Item);
    await expectSecurityEvent(await provider.send({ path: chart.path }));
    await expectSecurityEvent(await provider.send({ path: other.path }));
  });
});

test('a blind-index entry planted for another patient: discloses nobody', async () => {
  const entries = (await itemsOf(clinic.cloud, table, `T#${clinic.tenant}#`)).filter(
    ({ pk, sk }) => pk?.S?.startsWith(`T#${clinic.tenant}#X#Patient.mrn#`) && sk?.S === `Patient#${chart.id}`,
  );
  expect(entries).toHaveLength(1);
  const planted = JSON.parse(JSON.stringify(entries[0]).replaceAll(chart.id, other.id)) as Item;
  await put(planted);
  try {
    await expectSecurityEvent(await provider.send(search({ mrn: chart.record.mrn })));
  } finally {
    const { pk, sk } = planted;
    await clinic.cloud.dynamodb.send(new DeleteItemCommand({ TableName: table, Key: { pk, sk } as Item }));
  }
});
