import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { patient as patientResource } from '../../model/resources/patient.ts';
import { vital as vitalResource } from '../../model/resources/vital.ts';
import { requestsAuditedTwice } from './audit-trail.ts';
import type { Answer, Ask } from './client.ts';
import { expectProblem, expectStatus, missingSecurityHeaders } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic } from './clinic.ts';
import { markedRecord } from './marked-record.ts';
import { signIn } from './sign-in.ts';

const patients = '/clinical/v1/patients';
const vitals = '/clinical/v1/vitals';
const assignments = '/clinical/v1/care-team-assignments';

const { record } = markedRecord(patientResource);
const everyField = Object.keys(patientResource.fields);
/** Compares without showing a value when it fails. */
const isSame = isDeepStrictEqual;
/** The refusal of API Gateway, which does not tell a token that lacks the scope from one that is not valid. */
const expectBeyondScope = (answer: Answer): Answer => expectProblem(answer, 'unauthenticated');
const namesIn = ({ body }: Answer): readonly string[] => Object.keys(body).sort();
const idOf = ({ body }: Answer): string => String(body.id);
const fields = (names: readonly string[]): string => `?fields=${names.join()}`;
const post = (path: string, body: unknown, headers: Ask['headers'] = {}): Ask => ({
  method: 'POST',
  path,
  body,
  headers,
});
const put = (path: string, body: unknown, version?: number): Ask => ({
  method: 'PUT',
  path,
  body,
  headers: version === undefined ? {} : { 'if-match': `"${version}"` },
});

let clinic: Clinic;
let provider: Person;
let nurse: Person;
let billing: Person;
let created: Answer;
let id: string;
let one: string;

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  [provider, nurse, billing] = await Promise.all([
    clinic.join('provider'),
    clinic.join('nurse'),
    clinic.join('billing'),
  ]);
  created = expectStatus(await provider.send(post(patients, record)), 201);
  id = idOf(created);
  one = `${patients}/${id}`;
});

describe('people', () => {
  test('an admin creates a person, who replaces the password, enrols TOTP and is signed in', async () => {
    await clinic.audited(expectStatus(provider.created as Answer, 201), 'PRIVILEGE_CHANGE');
    const [login, password, enrolment, ...more] = provider.answers as [Answer, Answer, Answer];
    expect(more).toEqual([]);
    expect([login.body.challenge, password.body.challenge]).toEqual(['NEW_PASSWORD_REQUIRED', 'MFA_SETUP']);
    await clinic.audited(login, 'AUTHENTICATION_CHALLENGED');
    await clinic.audited(password, 'AUTHENTICATION_CHALLENGED');
    await clinic.audited(enrolment, 'AUTHENTICATION_SUCCESS');
  });

  test('from then on each sign-in asks for a code', async () => {
    const person = await clinic.join('nurse');
    const { email, password, totpSecret } = person.credentials;
    const wrong = await clinic.send(post('/identity/v1/auth/login', { email, password: `${password}x` }));
    await clinic.audited(expectProblem(wrong, 'invalid-credentials'), 'AUTHENTICATION_FAILURE');
    const login = await clinic.send(post('/identity/v1/auth/login', { email, password }));
    expect(expectStatus(login, 200).body.challenge).toBe('SOFTWARE_TOKEN_MFA');
    await clinic.audited(login, 'AUTHENTICATION_CHALLENGED');
    const { session } = login.body;
    const refused = await clinic.send(
      post('/identity/v1/auth/challenge', { challenge: 'SOFTWARE_TOKEN_MFA', session, code: '000000' }),
    );
    await clinic.audited(expectProblem(refused, 'invalid-challenge'), 'AUTHENTICATION_FAILURE');
    const again = await signIn(clinic.send, { email, password, totpSecret });
    expect(again.accessToken).not.toBe(person.accessToken);
    await clinic.audited(again.answers.at(-1) as Answer, 'AUTHENTICATION_SUCCESS');
  });

  test('a provider creates no users', async () => {
    const body = { email: 'someone@staff.example', role: 'nurse' };
    expectBeyondScope(await provider.send(post('/identity/v1/users', body)));
  });
});

describe('a chart', () => {
  test('the creation is audited with field names and digests only', async () => {
    expect(created.headers.location).toBe(one);
    expect(created.headers.etag).toBe('"1"');
    expect(namesIn(created)).toEqual(['id']);
    expect(missingSecurityHeaders(created)).toEqual([]);
    const entry = await clinic.audited(created, 'PHI_MODIFICATION');
    expect(entry).toMatchObject({
      tenant: clinic.tenant,
      actor: provider.subject,
      role: 'provider',
      purpose: 'TREAT',
      patient: id,
      resource: 'Patient',
      resourceId: id,
      version: 1,
      outcome: 'success',
      policy: 'Patient.provider.TREAT.create',
    });
    expect(entry.changes?.map(({ field }) => field).sort()).toEqual(Object.keys(record).sort());
  });

  test('a read without fields= gives id and name, and says which fields it disclosed', async () => {
    const answer = expectStatus(await provider.send({ path: one }), 200);
    expect(namesIn(answer)).toEqual(['id', 'name']);
    expect(isSame(answer.body.name, record.name)).toBe(true);
    expect(answer.headers.etag).toBe('"1"');
    const entry = await clinic.audited(answer, 'PHI_ACCESS');
    expect(entry.disclosed?.toSorted()).toEqual(['id', 'name']);
  });

  test('a read with fields= gives those and no other', async () => {
    const answer = expectStatus(await provider.send({ path: `${one}${fields(['ssn', 'phone'])}` }), 200);
    expect(namesIn(answer)).toEqual(['phone', 'ssn']);
    expect((await clinic.audited(answer, 'PHI_ACCESS')).disclosed?.toSorted()).toEqual(['phone', 'ssn']);
    const whole = expectStatus(await provider.send({ path: `${one}${fields(everyField)}` }), 200);
    expect(everyField.filter((name) => name !== 'id' && !isSame(whole.body[name], record[name]))).toEqual([]);
    await clinic.audited(whole, 'PHI_ACCESS');
  });

  test('a nurse joins the care team, records a vital sign and corrects it', async () => {
    const before = expectProblem(await nurse.send({ path: one }), 'not-found');
    await clinic.audited(before, 'UNAUTHORIZED_ACCESS_ATTEMPT');
    const start = new Date(Date.now() - 60_000).toISOString();
    const assigned = await provider.send(
      post(assignments, { patient: id, member: nurse.subject, role: 'nurse', period: { start } }),
    );
    await clinic.audited(expectStatus(assigned, 201), 'PRIVILEGE_CHANGE');
    const read = expectStatus(await nurse.send({ path: `${one}${fields(['name', 'gender'])}` }), 200);
    await clinic.audited(read, 'PHI_ACCESS');
    const beyond = expectProblem(
      await nurse.send({ path: `${one}${fields(['ssn'])}` }),
      'field-not-permitted',
    );
    await clinic.audited(beyond, 'AUTHORIZATION_DENIED');

    const measured = {
      code: '8867-4',
      valueQuantity: { value: 72, code: '/min' },
      effectiveDateTime: '2026-11-20T08:30:00Z',
    };
    const recorded = expectStatus(await nurse.send(post(vitals, { patient: id, ...measured })), 201);
    await clinic.audited(recorded, 'PHI_MODIFICATION');
    const vital = `${vitals}/${idOf(recorded)}`;
    expect(idOf(recorded).startsWith(`${id}.`)).toBe(true);
    const corrected = { ...measured, valueQuantity: { value: 75, code: '/min' } };
    const update = expectStatus(await nurse.send(put(vital, corrected, 1)), 200);
    expect(update.headers.etag).toBe('"2"');
    const entry = await clinic.audited(update, 'PHI_MODIFICATION');
    expect(entry.changes?.map(({ field }) => field)).toEqual(['valueQuantity']);
    const seen = expectStatus(await provider.send({ path: `${vital}${fields(['valueQuantity'])}` }), 200);
    expect(seen.body).toEqual({ valueQuantity: { value: 75, code: '/min' } });
    const list = expectStatus(
      await provider.send(post(`${vitals}/_search`, { where: { patient: id }, fields: ['id', 'code'] })),
      200,
    );
    expect(list.body).toEqual({ items: [{ id: idOf(recorded), code: '8867-4' }], complete: true });
    await clinic.audited(list, 'PHI_ACCESS');
  });
});

describe('a search', () => {
  const { name, birthDate, identifier } = record as {
    name: { family: string };
    birthDate: string;
    identifier: [{ system: string; value: string }];
  };
  test.each([
    ['medical record number', { mrn: record.mrn }],
    ['social security number', { ssn: record.ssn }],
    ['social security number without hyphens', { ssn: String(record.ssn).replaceAll('-', '') }],
    ['e-mail address', { email: record.email }],
    ['e-mail address in capitals', { email: String(record.email).toUpperCase() }],
    ['name and birth date', { family: name.family, birthDate }],
    ['identifier of another system', identifier[0]],
  ])('by %s finds the patient', async (_, where) => {
    const answer = expectStatus(await provider.send(post(`${patients}/_search`, { where })), 200);
    expect(isSame(answer.body, { items: [{ id, name: record.name }], complete: true })).toBe(true);
    const entry = await clinic.audited(answer, 'PHI_ACCESS');
    expect(entry.matches).toEqual([{ patient: id, id, version: 1 }]);
  });

  test('finds nothing for those who may not see the patient, and tells no difference', async () => {
    const outsider = await clinic.join('provider');
    const where = { mrn: record.mrn };
    const unassigned = expectStatus(await outsider.send(post(`${patients}/_search`, { where })), 200);
    const unknown = expectStatus(
      await provider.send(post(`${patients}/_search`, { where: { mrn: 'SYN-NOBODY' } })),
      200,
    );
    expect(unassigned.text).toBe(unknown.text);
    await clinic.audited(unassigned, 'PHI_ACCESS');
  });
});

describe('an update', () => {
  let path: string;
  let input: Record<string, unknown>;
  beforeAll(async () => {
    input = { ...markedRecord(patientResource).record };
    path = `${patients}/${idOf(expectStatus(await provider.send(post(patients, input)), 201))}`;
  });

  test('needs the version that it changes', async () => {
    const blind = expectProblem(await provider.send(put(path, input)), 'precondition-required');
    await clinic.audited(blind, 'REQUEST_REJECTED');
    const changed = { ...input, gender: 'other' };
    const update = expectStatus(await provider.send(put(path, changed, 1)), 200);
    expect(update.headers.etag).toBe('"2"');
    const entry = await clinic.audited(update, 'PHI_MODIFICATION');
    expect(entry.changes?.map(({ field }) => field)).toEqual(['gender']);
    const late = expectProblem(await provider.send(put(path, input, 1)), 'version-mismatch');
    await clinic.audited(late, 'REQUEST_REJECTED');
    const read = expectStatus(await provider.send({ path: `${path}${fields(['gender'])}` }), 200);
    expect(read.body).toEqual({ gender: 'other' });
  });

  test('of two at once, one wins', async () => {
    const version = Number(
      String(expectStatus(await provider.send({ path }), 200).headers.etag).replaceAll('"', ''),
    );
    const answers = await Promise.all(
      ['male', 'unknown'].map((gender) => provider.send(put(path, { ...input, gender }, version))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test('moves the search entries with the values', async () => {
    const mrn = `SYN-${crypto.randomUUID().slice(0, 8)}`;
    const version = Number(
      String(expectStatus(await provider.send({ path }), 200).headers.etag).replaceAll('"', ''),
    );
    expectStatus(await provider.send(put(path, { ...input, mrn }, version)), 200);
    const search = async (where: unknown): Promise<unknown> =>
      expectStatus(await provider.send(post(`${patients}/_search`, { where, fields: ['id'] })), 200).body;
    expect(await search({ mrn })).toMatchObject({ items: [{}], complete: true });
    expect(await search({ mrn: input.mrn })).toEqual({ items: [], complete: true });
  });
});

test('a creation is repeated safely under its Idempotency-Key', async () => {
  const input = markedRecord(patientResource).record;
  const headers = { 'idempotency-key': crypto.randomUUID() };
  const first = expectStatus(await provider.send(post(patients, input, headers)), 201);
  const replay = expectStatus(await provider.send(post(patients, input, headers)), 201);
  expect([replay.text, replay.headers.etag, replay.headers.location]).toEqual([
    first.text,
    first.headers.etag,
    first.headers.location,
  ]);
  await clinic.audited(first, 'PHI_MODIFICATION');
  await clinic.audited(replay, 'PHI_MODIFICATION');
  const other = await provider.send(post(patients, { ...input, gender: 'other' }, headers));
  await clinic.audited(expectProblem(other, 'idempotency-key-reused'), 'REQUEST_REJECTED');
  const someone = await clinic.join('provider');
  const elsewhere = expectStatus(await someone.send(post(patients, input, headers)), 201);
  expect(idOf(elsewhere)).not.toBe(idOf(first));
});

describe('reach', () => {
  const shape = ({ status, headers, body }: Answer): unknown => ({
    status,
    type: headers['content-type'],
    body: { ...body, requestId: '' },
  });

  test('another tenant’s provider, an unassigned provider and absence get the same answer', async () => {
    const elsewhere = await openClinic(inject('runtime'));
    const stranger = await elsewhere.join('provider');
    const unassigned = await clinic.join('provider');
    const nobody = `${patients}/${'0'.repeat(26)}`;
    const requests: Ask[] = [
      { path: one },
      { path: `${one}${fields(['ssn'])}` },
      put(one, record, 1),
      { path: `${vitals}/${id}.${'0'.repeat(26)}` },
      post(vitals, { ...vitalResource.example, patient: id }),
    ];
    const absent = shape(expectProblem(await provider.send({ path: nobody }), 'not-found'));
    for (const [at, person] of [
      [elsewhere, stranger],
      [clinic, unassigned],
    ] as const)
      for (const request of requests) {
        const answer = expectProblem(await person.send(request), 'not-found');
        expect(shape(answer)).toEqual(absent);
        const entry = await at.audited(answer, 'UNAUTHORIZED_ACCESS_ATTEMPT');
        expect(entry).toMatchObject({ tenant: at.tenant, actor: person.subject, outcome: 'refused' });
      }
  });

  test('billing reaches every patient of its tenant, and gets its limited view', async () => {
    const view = ['id', 'name', 'birthDate', 'mrn', 'address', 'insurance'];
    const limited = expectStatus(await billing.send({ path: `${one}${fields(view)}` }), 200);
    expect(namesIn(limited)).toEqual(view.toSorted());
    expect((await clinic.audited(limited, 'PHI_ACCESS')).purpose).toBe('HPAYMT');
    for (const name of everyField.filter((each) => !view.includes(each))) {
      const beyond = await billing.send({ path: `${one}${fields(['id', name])}` });
      await clinic.audited(expectProblem(beyond, 'field-not-permitted'), 'AUTHORIZATION_DENIED');
    }
    const bySsn = await billing.send(post(`${patients}/_search`, { where: { ssn: record.ssn } }));
    await clinic.audited(expectProblem(bySsn, 'field-not-permitted'), 'AUTHORIZATION_DENIED');
    expectBeyondScope(await billing.send(put(one, record, 1)));
    expectBeyondScope(await billing.send(post(patients, record)));
  });

  test('one provider sees other fields for payment than for treatment', async () => {
    const about = (purpose: string, name: string): Ask => ({
      path: `${one}${fields([name])}`,
      headers: { 'x-purpose-of-use': purpose },
    });
    expectStatus(await provider.send(about('TREAT', 'gender')), 200);
    const refused = expectProblem(await provider.send(about('HPAYMT', 'gender')), 'field-not-permitted');
    expect((await clinic.audited(refused, 'AUTHORIZATION_DENIED')).purpose).toBe('HPAYMT');
    const paid = expectStatus(await provider.send(about('HPAYMT', 'insurance')), 200);
    expect((await clinic.audited(paid, 'PHI_ACCESS')).purpose).toBe('HPAYMT');
    const never = await provider.send(about('PATRQT', 'name'));
    await clinic.audited(expectProblem(never, 'not-permitted'), 'AUTHORIZATION_DENIED');
  });

  test('a patient reads the own record, changes the phone number, and nothing else', async () => {
    const person = await clinic.join('patient', id);
    const own = expectStatus(await person.send({ path: `${one}${fields(everyField)}` }), 200);
    expect(namesIn(own)).toEqual(everyField.toSorted());
    expect((await clinic.audited(own, 'PHI_ACCESS')).purpose).toBe('PATRQT');
    const version = Number(String(own.headers.etag).replaceAll('"', ''));
    const { email, address } = record;
    const beyond = await person.send(put(one, { email, address, mrn: 'SYN-1' }, version));
    await clinic.audited(expectProblem(beyond, 'field-not-permitted'), 'AUTHORIZATION_DENIED');
    const update = await person.send(put(one, { email, address, phone: '+1 555 0199' }, version));
    const entry = await clinic.audited(expectStatus(update, 200), 'PHI_MODIFICATION');
    expect(entry.changes?.map(({ field }) => field)).toEqual(['phone']);
    const read = expectStatus(await provider.send({ path: `${one}${fields(['phone', 'ssn'])}` }), 200);
    expect(isSame(read.body, { ssn: record.ssn, phone: '+1 555 0199' })).toBe(true);
    const another = expectStatus(await provider.send(post(patients, record)), 201);
    const foreign = await person.send({ path: `${patients}/${idOf(another)}` });
    await clinic.audited(expectProblem(foreign, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT');
  });

  test('when an assignment has ended, the next read finds nothing', async () => {
    const chart = `${patients}/${idOf(expectStatus(await provider.send(post(patients, record)), 201))}`;
    const patientId = chart.slice(patients.length + 1);
    const found = expectStatus(
      await provider.send(post(`${assignments}/_search`, { where: { patient: patientId } })),
      200,
    );
    const [own, ...more] = found.body.items as [
      { id: string; member: string; role: string; period: { start: string } },
    ];
    expect(more).toEqual([]);
    expect(own.member).toBe(provider.subject);
    const end = new Date(Date.now() - 1).toISOString();
    const ended = await clinic.admin.send(
      put(`${assignments}/${own.id}`, { role: own.role, period: { ...own.period, end } }, 1),
    );
    await clinic.audited(expectStatus(ended, 200), 'PRIVILEGE_CHANGE');
    const next = expectProblem(await provider.send({ path: chart }), 'not-found');
    await clinic.audited(next, 'UNAUTHORIZED_ACCESS_ATTEMPT');
    expectStatus(await clinic.admin.send({ path: chart }), 200);
  });
});

describe('a session', () => {
  test('after logout the unexpired token is refused at once', async () => {
    const person = await clinic.join('admin');
    expectStatus(await person.send({ path: one }), 200);
    const logout = expectStatus(await person.send({ method: 'POST', path: '/identity/v1/auth/logout' }), 204);
    expect(logout.text).toBe('');
    await clinic.audited(logout, 'TOKEN_REVOKED');
    const after = expectProblem(await person.send({ path: one }), 'unauthenticated');
    await clinic.audited(after, 'AUTHENTICATION_FAILURE');
    const again = await clinic.send(post('/identity/v1/auth/refresh', { refreshToken: person.refreshToken }));
    expectStatus(again, 401);
  });

  test('a refresh gives a new access token and a new handle in place of the old one', async () => {
    const person = await clinic.join('admin');
    const path = '/identity/v1/auth/refresh';
    const first = expectStatus(await clinic.send(post(path, { refreshToken: person.refreshToken })), 200);
    await clinic.audited(first, 'TOKEN_REFRESHED');
    const { accessToken, refreshToken } = first.body as Record<string, string>;
    expect(refreshToken).not.toBe(person.refreshToken);
    expect(accessToken).not.toBe(person.accessToken);
    expectStatus(await clinic.send({ path: one, token: accessToken ?? '' }), 200);
    const second = expectStatus(await clinic.send(post(path, { refreshToken })), 200);
    expect([person.refreshToken, refreshToken]).not.toContain(second.body.refreshToken);
    const unknown = await clinic.send(post(path, { refreshToken: 'A'.repeat(43) }));
    await clinic.audited(expectStatus(unknown, 401), 'AUTHENTICATION_FAILURE');
  });

  test('the 101st request of a minute is refused, and says when to come back', {
    timeout: 300_000,
  }, async () => {
    const person = await clinic.join('admin');
    const minute = (): number => Math.floor(Date.now() / 60_000);
    let answers: Answer[] = [];
    // A run counts when all of it falls into one minute, however slow this computer is just now.
    for (let began = -1; began !== minute(); ) {
      const left = 60_000 - (Date.now() % 60_000);
      if (left < 30_000 || answers.length > 0) await sleep(left);
      answers = [];
      began = minute();
      for (let sent = 0; sent < 101; sent += 1) answers.push(await person.send({ path: one }));
    }
    expect(answers.map(({ status }) => status)).toEqual([...Array(100).fill(200), 429]);
    const refused = expectProblem(answers.at(-1) as Answer, 'rate-limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    await clinic.audited(refused, 'RATE_LIMIT_EXCEEDED');
    expectStatus(await clinic.admin.send({ path: one }), 200);
  });
});

test('no request was audited twice, in any tenant’s part of the trail', async () => {
  expect(await requestsAuditedTwice(clinic.cloud, clinic.trail)).toEqual([]);
});
