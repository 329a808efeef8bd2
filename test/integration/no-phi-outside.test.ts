import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  DescribeLogGroupsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { AnyResource } from '../../model/define/define-resource.ts';
import { operations } from '../../model/derive/operations.ts';
import { permissionFor } from '../../model/derive/permissions.ts';
import { indexPlans } from '../../model/derive/storage.ts';
import { namedOperations } from '../../model/operations/index.ts';
import { resources } from '../../model/resources.ts';
import type { Interaction, PurposeOfUse } from '../../model/vocabulary.ts';
import { basePath, usualPurpose } from '../../model/vocabulary.ts';
import type { Answer, Ask, Send } from './client.ts';
import { expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { environmentOf, renewFunction } from './cloud.ts';
import { everyCall, everyFile, everyItem, everyLogEvent, everyObject } from './everything-kept.ts';
import { rolesOf, whileDenied, whileDisabled } from './faults.ts';
import type { Piece } from './find-marks.ts';
import { findMarks } from './find-marks.ts';
import type { MarkedRecord } from './marked-record.ts';
import { markedRecord } from './marked-record.ts';
import { oneTimeCode } from './one-time-code.ts';
import { rememberMarks, runtimeDirectory } from './saved-state.ts';

const everyResource: readonly AnyResource[] = resources;
/** Every marked value that was sent, by its place in its resource. */
const marks = new Map<string, string>();
/** What people sign in with and are given for it: Cognito keeps it or made it, and nothing else keeps any. */
const credentials = new Map<string, string>();
/** What the platform answered, but for the bodies that disclose what was asked for. */
const answered: Piece[] = [];
/** Operations that were really reached, by id. */
const exercised = new Map<string, number>();

let clinic: Clinic;
let people: readonly Person[];
let clinical: string;
let started: Date;

const remember = (resource: AnyResource, made: MarkedRecord): Readonly<Record<string, unknown>> => {
  for (const [place, mark] of made.marks) marks.set(`${resource.name}.${place} ${marks.size}`, mark);
  return made.record;
};
const marked = (resource: AnyResource): Readonly<Record<string, unknown>> =>
  remember(resource, markedRecord(resource));

const keep = (answer: Answer, disclosing = false): Answer => {
  answered.push({ place: 'an answer’s headers', bytes: Buffer.from(JSON.stringify(answer.headers)) });
  if (!disclosing || answer.status >= 300)
    answered.push({ place: `a body with status ${answer.status}`, bytes: Buffer.from(answer.text) });
  return answer;
};

const turns = new Map<Person['role'], number>();
/** Someone who may: the people of a role take turns, so that nobody's rate is exceeded. */
const whoMay = (resource: AnyResource, interaction: Interaction): Person => {
  const able = people.filter(({ role }) =>
    permissionFor(resource, role, interaction, usualPurpose[role] as PurposeOfUse),
  );
  const sameRole = able.filter(({ role }) => role === able[0]?.role);
  const [first] = sameRole;
  if (first === undefined) throw new Error(`nobody here may ${interaction} ${resource.name}`);
  const turn = (turns.get(first.role) ?? 0) + 1;
  turns.set(first.role, turn);
  return sameRole[turn % sameRole.length] ?? first;
};
const pathOf = (resource: AnyResource): string => `/${basePath(resource.capability)}${resource.path}`;

const send = async (
  resource: AnyResource,
  interaction: Interaction,
  ask: Omit<Ask, 'path'> & { readonly suffix?: string },
): Promise<Answer> => {
  const { suffix = '', ...rest } = ask;
  const answer = await whoMay(resource, interaction).send({ ...rest, path: `${pathOf(resource)}${suffix}` });
  const id = `${resource.name}.${interaction}`;
  if (answer.status < 300) exercised.set(id, (exercised.get(id) ?? 0) + 1);
  return keep(answer, interaction === 'read' || interaction === 'search');
};

const create = async (resource: AnyResource, record: unknown): Promise<string> =>
  String(expectStatus(await send(resource, 'create', { method: 'POST', body: record }), 201).body.id);

/** The searches of a resource that its record is found by. */
const searchesFor = (resource: AnyResource, record: Readonly<Record<string, unknown>>): readonly object[] => [
  ...(resource.subject === 'patient' ? [{ patient: record.patient }] : []),
  ...indexPlans(resource).flatMap(({ each, parameters }) => {
    const bases = each === undefined ? [record] : (record[each] as Record<string, unknown>[]);
    return bases.map((base) =>
      Object.fromEntries(
        parameters.map(({ name, path }) => [
          name,
          path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], base),
        ]),
      ),
    );
  }),
];

/** Requests with marked values that are refused or fail, each in another place of the chain. */
const faultyRequests = (
  resource: AnyResource,
  id: string,
  record: Readonly<Record<string, unknown>>,
): readonly (readonly [Interaction, Parameters<typeof send>[2]])[] => {
  const body = JSON.stringify(record);
  const [, mark = ''] = [...marks].findLast(([place]) => place.startsWith(`${resource.name}.`)) ?? [];
  const post = { method: 'POST' } as const;
  return [
    ['create', { ...post, body: body.slice(0, -1) }],
    ['create', { ...post, body: `${body} ${mark}` }],
    ['create', { ...post, body: body.replace('{', `{"${mark}":1,`) }],
    ['create', { ...post, body: body.replace('{', `{"${Object.keys(record).at(-1)}":"${mark}",`) }],
    ['create', { ...post, body: { ...record, unknown: mark } }],
    ['create', { ...post, body: Object.fromEntries(Object.keys(record).map((name) => [name, [mark]])) }],
    ['create', { ...post, body, headers: { 'content-type': `text/${mark.replaceAll(/[^\w]/g, '')}` } }],
    ['create', { ...post, body, headers: { 'idempotency-key': `${mark}`.slice(0, 15) } }],
    ['create', { ...post, body: '{'.repeat(40) + JSON.stringify(mark) + '}'.repeat(40) }],
    ['create', { ...post, body: `${body.slice(0, -1)},"padding":"${'x'.repeat(300_000)}"}` }],
    ['read', { suffix: `/${encodeURIComponent(mark)}` }],
    ['read', { suffix: `/${id}?fields=${encodeURIComponent(mark)}` }],
    ['read', { suffix: `/${id}?${encodeURIComponent(mark)}=1` }],
    ...Object.keys(record).map(
      (name) => ['read', { suffix: `/${id}?${name}=${encodeURIComponent(mark)}` }] as const,
    ),
    ['read', { suffix: `/${id}`, headers: { 'x-purpose-of-use': encodeURIComponent(mark) } }],
    ['read', { suffix: `/${id}`, headers: { 'x-request-id': encodeURIComponent(mark) } }],
    ['read', { suffix: `/${id}`, headers: { authorization: `Bearer ${Buffer.from(mark).toString('hex')}` } }],
    ['search', { ...post, suffix: '/_search', body: { where: { [mark]: mark } } }],
    ['search', { ...post, suffix: '/_search', body: { where: record } }],
    ['search', { ...post, suffix: '/_search', body: { where: { mrn: [mark] }, fields: [mark] } }],
  ];
};

beforeAll(async () => {
  started = new Date();
  clinic = await openClinic(inject('runtime'));
  clinical = output(clinic.runtime, 'clinical-api', 'FunctionName');
  people = await Promise.all(
    (['admin', 'admin', 'admin', 'admin', 'admin', 'provider', 'nurse'] as const).map((role) =>
      clinic.join(role),
    ),
  );
});

afterAll(() => rememberMarks(runtimeDirectory(clinic.runtime), marks));

test('marked values go through every route of every resource', async () => {
  const [patient, ...others] = [...everyResource].sort((one) => (one.subject === 'id' ? -1 : 1));
  if (patient === undefined) throw new Error('no resource');
  const first = marked(patient);
  const patientId = await create(patient, first);
  const person = await clinic.join('patient', patientId);
  for (const { credentials: own, accessToken, refreshToken, role } of [...people, person])
    for (const [name, value] of Object.entries({ ...own, accessToken, refreshToken }))
      credentials.set(`${role}’s ${name} ${credentials.size}`, value);

  for (const resource of [patient, ...others]) {
    const own = resource.subject === 'patient' ? { patient: patientId } : {};
    const member = resource.relationship ? { [resource.relationship.member]: people.at(-1)?.subject } : {};
    const record = resource === patient ? first : { ...marked(resource), ...own, ...member };
    const id = resource === patient ? patientId : await create(resource, record);
    const all = Object.keys(resource.fields).join();
    const read = await send(resource, 'read', { suffix: `/${id}?fields=${all}` });
    expectStatus(read, 200);
    for (const where of searchesFor(resource, record))
      expectStatus(
        await send(resource, 'search', { method: 'POST', suffix: '/_search', body: { where } }),
        200,
      );
    if (
      Object.values(resource.permissions)
        .flat()
        .some(({ interactions }) => interactions.includes('update'))
    ) {
      const changed = marked(resource);
      const body = Object.fromEntries(
        Object.entries(changed).filter(
          ([name]) => (resource.fields[name]?.options.setBy ?? 'caller') === 'caller',
        ),
      );
      const headers = { 'if-match': String(read.headers.etag) };
      expectStatus(await send(resource, 'update', { method: 'PUT', suffix: `/${id}`, body, headers }), 200);
      const headersAgain = { 'if-match': '"7"' };
      expectStatus(
        await send(resource, 'update', { method: 'PUT', suffix: `/${id}`, body, headers: headersAgain }),
        412,
      );
    }
    for (const [interaction, ask] of faultyRequests(resource, id, record)) {
      const { status } = await send(resource, interaction, ask);
      expect(status < 500 && status !== 429, `${resource.name} ${interaction} ${status}`).toBe(true);
    }
  }
  const wanted = operations.filter(({ kind }) => kind === 'resource').map(({ id }) => id);
  expect(wanted.filter((id) => !exercised.has(id))).toEqual([]);
});

test('marked values go through every named operation, refused', async () => {
  const [, mark = ''] = [...marks][0] ?? [];
  for (const { method, path, capability, request } of namedOperations) {
    const body: Record<string, unknown> = {};
    for (const [name] of Object.entries(request?.properties ?? {}))
      body[name] = name === 'email' ? `${mark}@staff.example` : mark;
    const ask = { method, path: `/${basePath(capability)}${path}`, headers: { 'x-purpose-of-use': mark } };
    keep(await clinic.send({ ...ask, body }));
    keep(await clinic.send({ ...ask, body: { ...body, [mark]: mark } }));
    keep(await clinic.send({ ...ask, body: JSON.stringify(body).slice(0, -1) }));
    keep(await clinic.send({ ...ask, token: mark, body }));
  }
});

test('marked values go through every named operation, by those who may call it', async () => {
  const [, mark = ''] = [...marks][0] ?? [];
  const admins = people.filter(({ role }) => role === 'admin');
  for (const [index, { method, path, capability, allows, request }] of namedOperations.entries()) {
    const admin = admins[index % admins.length];
    if (admin === undefined || allows === 'public') continue;
    const body = Object.fromEntries(
      Object.keys(request?.properties ?? { [mark]: mark }).map((name) => [name, mark]),
    );
    const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(mark));
    const ask = { method, path: `/${basePath(capability)}${filled}`, headers: { 'x-step-up-proof': mark } };
    for (const answer of [
      await admin.send({ ...ask, body }),
      await admin.send({ ...ask, path: `${ask.path}?${encodeURIComponent(mark)}=1` }),
      await admin.send({ ...ask, path: `${ask.path}?name=${encodeURIComponent(mark)}` }),
    ]) {
      keep(answer);
      expect(
        answer.status >= 400 && answer.status < 500 && answer.status !== 429,
        `${path} ${answer.status}`,
      ).toBe(true);
    }
  }
});

test('secrets of every kind are given', async () => {
  const person = people.at(-1) as Person;
  const give = (name: string, { body }: Answer, member: string): string => {
    const secret = body[member];
    if (typeof secret !== 'string') throw new Error(`no ${name} was given`);
    credentials.set(`${name} ${credentials.size}`, secret);
    return secret;
  };
  const identity = `/${basePath('identity')}`;
  const post = (send: Send, path: string, body?: unknown): Promise<Answer> =>
    send({ method: 'POST', path: `${identity}${path}`, ...(body !== undefined && { body }) });
  for (const { created } of people)
    give('temporary password', expectStatus(created as Answer, 201), 'temporaryPassword');

  const refreshed = expectStatus(
    await post(clinic.send, '/auth/refresh', { refreshToken: person.refreshToken }),
    200,
  );
  give('refresh handle', refreshed, 'refreshToken');
  give('renewed token', refreshed, 'accessToken');
  const { password, totpSecret } = person.credentials;
  const begun = expectStatus(await post(person.send, '/auth/step-up', { password }), 200);
  const code = await oneTimeCode(totpSecret);
  const answer = { challenge: begun.body.challenge, session: give('challenge', begun, 'session'), code };
  give('step-up proof', expectStatus(await post(clinic.send, '/auth/challenge', answer), 200), 'proof');
  give('passkey challenge', expectStatus(await post(clinic.send, '/auth/passkey', {}), 200), 'session');

  const app = {
    name: 'Portal',
    kind: 'confidential',
    redirectUris: ['https://portal.example/callback'],
    scopes: ['user/Patient.r'],
  };
  give('app’s secret', expectStatus(await post(clinic.administer, '/apps', app), 201), 'secret');
  const machine = expectStatus(
    await post(clinic.administer, '/machines', { name: 'Laboratory', scopes: ['system/Vital.c'] }),
    201,
  );
  give('machine’s secret', machine, 'secret');
  const second = await post(clinic.administer, `/machines/${String(machine.body.id)}/secrets`);
  give('machine’s second secret', expectStatus(second, 201), 'secret');
});

test('marked values go through faults of what the platform stands on', async () => {
  const { cloud, runtime } = clinic;
  const roles = Object.values(await rolesOf(cloud, clinical));
  const { variables } = await environmentOf(cloud, clinical);
  const arn = (table: string): string =>
    `arn:aws:dynamodb:${runtime.region}:${runtime.account}:table/${table}`;
  const someRequests = async (): Promise<void> => {
    for (const resource of everyResource.filter(({ subject }) => subject === 'id')) {
      const record = marked(resource);
      const failed = await send(resource, 'create', { method: 'POST', body: record });
      expect(failed.status).toBe(503);
      for (const where of searchesFor(resource, record))
        await send(resource, 'search', { method: 'POST', suffix: '/_search', body: { where } });
    }
  };
  for (const table of ['AUDIT_TABLE', 'RECORDS_TABLE', 'KEYRING_TABLE', 'SESSIONS_TABLE'])
    await whileDenied(cloud, roles, ['dynamodb:*'], [arn(variables[table] ?? '')], someRequests);
  await renewFunction(cloud, clinical);
  await whileDisabled(cloud, variables.FIELD_KEY_ARN ?? '', someRequests);
  await renewFunction(cloud, clinical, { RECORDS_TABLE: 'no-such-table' });
  try {
    await someRequests();
  } finally {
    await renewFunction(cloud, clinical, { RECORDS_TABLE: variables.RECORDS_TABLE ?? '' });
  }
});

describe('no marked value and no credential is', () => {
  const withCredentials = (): ReadonlyMap<string, string> => new Map([...marks, ...credentials]);

  test('in an answer’s headers, or in the body of an error or a change', () => {
    expect(marks.size).toBeGreaterThan(50);
    expect(answered.length).toBeGreaterThan(100);
    expect(findMarks(answered, marks)).toEqual([]);
  });

  test('in a table', async () => {
    const pieces = await everyItem(clinic.cloud);
    expect(pieces.some(({ place }) => place.includes('sealed'))).toBe(true);
    expect(pieces.some(({ place }) => place.endsWith(' entry'))).toBe(true);
    expect(findMarks(pieces, withCredentials())).toEqual([]);
  });

  test('in a log', async () => {
    const pieces = await everyLogEvent(clinic.cloud);
    expect(pieces.length).toBeGreaterThan(100);
    expect(findMarks(pieces, withCredentials())).toEqual([]);
  });

  test('in a bucket', async () => {
    expect(findMarks(await everyObject(clinic.cloud), withCredentials())).toEqual([]);
  });

  test('in a call to AWS; credentials are in those to Cognito and KMS only', async () => {
    const pieces = await everyCall(clinic.cloud, started, ['cognito-idp']);
    expect(pieces.some(({ place }) => place === 'call TransactWriteItems')).toBe(true);
    expect(findMarks(pieces, marks)).toEqual([]);
    // What KMS is asked to encrypt is in no trail on AWS: a challenge, sealed, tells whose it is.
    const others = pieces.filter(({ place }) => place !== 'call Encrypt');
    expect(findMarks(others, credentials)).toEqual([]);
  });

  test('in a file of the runtime, its emulator’s log and working files included', () => {
    const pieces = everyFile(runtimeDirectory(clinic.runtime), started);
    expect(pieces.some(({ place }) => place.endsWith('emulator.log'))).toBe(true);
    expect(findMarks(pieces, withCredentials())).toEqual([]);
  });
});

describe('a value that is planted, gzipped in base64, is found', () => {
  const planted = new Map([['planted', `Zqplanted${crypto.randomUUID()}`]]);
  const hidden = (): string =>
    gzipSync(Buffer.from(`{"value":"${planted.get('planted')}"}`)).toString('base64');

  test('in a table', async () => {
    const table = output(clinic.runtime, 'data', 'RecordsTable');
    const key = { pk: { S: `T#${clinic.tenant}#planted` }, sk: { S: 'planted' } };
    await clinic.cloud.dynamodb.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...key, deep: { M: { list: { L: [{ B: Buffer.from(hidden()) }] } } } },
      }),
    );
    try {
      expect(findMarks(await everyItem(clinic.cloud), planted)).toEqual([`planted in ${table} deep.list`]);
    } finally {
      await clinic.cloud.dynamodb.send(new DeleteItemCommand({ TableName: table, Key: key }));
    }
  });

  test('in a log', async () => {
    const { logs } = clinic.cloud;
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({}));
    const stream = { logGroupName: logGroups?.[0]?.logGroupName ?? '', logStreamName: 'planted' };
    await logs.send(new CreateLogStreamCommand(stream));
    try {
      await logs.send(
        new PutLogEventsCommand({
          ...stream,
          logEvents: [{ timestamp: Date.now(), message: `x ${hidden()}` }],
        }),
      );
      expect(findMarks(await everyLogEvent(clinic.cloud), planted)).toEqual([
        `planted in log ${stream.logGroupName}`,
      ]);
    } finally {
      await logs.send(new DeleteLogStreamCommand(stream));
    }
  });

  test('in a file', () => {
    const directory = runtimeDirectory(clinic.runtime);
    const file = join(directory, 'planted');
    writeFileSync(file, hidden());
    try {
      expect(findMarks(everyFile(directory, started), planted)).toEqual(['planted in file planted']);
    } finally {
      rmSync(file);
    }
  });

  test('in a call to AWS', async () => {
    const since = new Date();
    const table = output(clinic.runtime, 'data', 'RecordsTable');
    const Key = { pk: { S: hidden() }, sk: { S: 'planted' } };
    await clinic.cloud.dynamodb.send(new DeleteItemCommand({ TableName: table, Key }));
    const found = findMarks(await everyCall(clinic.cloud, since, ['cognito-idp']), planted);
    expect(found).toEqual(['planted in call DeleteItem']);
  });
});
