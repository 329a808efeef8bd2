import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { ProblemCode } from '../../model/problems.ts';
import { problems } from '../../model/problems.ts';
import type { BadRequest } from '../bad-requests.ts';
import { badRequests, canary } from '../bad-requests.ts';
import { auditEntries } from './audit-trail.ts';
import type { Answer, Ask } from './client.ts';
import { expectProblem, missingSecurityHeaders } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic } from './clinic.ts';
import { findMarks } from './find-marks.ts';

const patients = '/clinical/v1/patients';
const anId = '0'.repeat(26);

type Row = Omit<BadRequest, 'ask'> & { readonly ask: Ask };

/** Refused by the listener or by API Gateway, before any function of ours. */
const gatewayRows: readonly Row[] = [
  { name: 'a base path that is not there', ask: { path: `/${canary}/v1/patients` }, code: 'unknown-route' },
  { name: 'the root', ask: { path: `/?q=${canary}` }, code: 'unknown-route' },
  { name: 'a path that is not there', ask: { path: `/clinical/v1/${canary}` }, code: 'unknown-route' },
  { name: 'a base path alone', ask: { path: '/clinical/v1' }, code: 'unknown-route' },
  { name: 'another version', ask: { path: `/clinical/v2/patients/${canary}` }, code: 'unknown-route' },
  {
    name: 'a path below a record',
    ask: { path: `${patients}/${anId}/${canary}` },
    code: 'unknown-route',
  },
  {
    name: 'a deletion, which no resource permits',
    ask: { method: 'DELETE', path: `${patients}/${canary}` },
    code: 'unknown-route',
  },
  {
    name: 'PATCH',
    ask: { method: 'PATCH', path: `${patients}/${anId}`, body: { name: canary } },
    code: 'unknown-route',
  },
  {
    name: 'a method override',
    ask: { method: 'OPTIONS', path: patients, headers: { 'x-http-method-override': 'POST', origin: canary } },
    code: 'unknown-route',
  },
  {
    name: 'a list of all',
    ask: { path: `${patients}?name=${canary}` },
    code: 'unknown-route',
  },
  {
    name: 'a search by GET',
    ask: { path: `${patients}/_search?ssn=${canary}` },
    code: 'unknown-route',
  },
  { name: 'no token', ask: { path: `${patients}/${anId}` }, code: 'unauthenticated', as: 'nobody' },
  {
    name: 'a token that is empty',
    ask: { path: `${patients}/${anId}`, headers: { authorization: 'Bearer ' } },
    code: 'unauthenticated',
  },
  {
    name: 'Basic authentication',
    ask: { path: `${patients}/${anId}`, headers: { authorization: `Basic ${btoa(`${canary}:${canary}`)}` } },
    code: 'unauthenticated',
  },
  {
    name: 'a token in the query',
    ask: { path: `${patients}/${anId}?access_token=${canary}` },
    code: 'unauthenticated',
    as: 'nobody',
  },
  {
    name: 'a token that is garbage',
    ask: { path: `${patients}/${anId}`, token: canary },
    code: 'unauthenticated',
  },
  {
    name: 'an operation beyond the token’s scopes',
    ask: {
      method: 'POST',
      path: '/identity/v1/users',
      body: { email: `${canary}@a.example`, role: 'nurse' },
    },
    code: 'unauthenticated',
  },
  {
    name: 'a body of more than 10 MB',
    ask: {
      method: 'POST',
      path: patients,
      body: `{"name":"${canary.repeat((10 * 1024 * 1024) / canary.length + 1)}"}`,
    },
    code: 'too-large',
  },
];

let clinic: Clinic;
let people: Readonly<Record<'provider' | 'admin', readonly Person[]>>;
let sent = 0;

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  const several = (role: 'provider' | 'admin') => Promise.all([1, 2, 3].map(() => clinic.join(role)));
  people = { provider: await several('provider'), admin: await several('admin') };
});

/** The people of a role take turns, so that nobody's rate is exceeded. */
const sendAs = ({ ask, as = 'provider' }: Row): Promise<Answer> => {
  if (as === 'nobody') return clinic.send(ask);
  sent += 1;
  return (people[as][sent % people[as].length] as Person).send(ask);
};

const expectRefused = (answer: Answer, code: ProblemCode): void => {
  expectProblem(answer, code);
  expect(problems[code].status).toBeGreaterThanOrEqual(400);
  expect(problems[code].status).toBeLessThan(500);
  expect(missingSecurityHeaders(answer)).toEqual([]);
  const received = Buffer.from(`${JSON.stringify(answer.headers)}${answer.text}`);
  expect(findMarks([{ place: 'the answer', bytes: received }], new Map([['the input', canary]]))).toEqual([]);
};

test('the table is long enough', () => {
  expect(gatewayRows.length + badRequests.length).toBeGreaterThanOrEqual(50);
});

/** The answers of the functions, each of which leaves one audit entry. */
const refusals: { readonly answer: Answer; readonly code: ProblemCode }[] = [];

describe('the functions refuse', () => {
  test.each(badRequests)('$name: $code', async (row) => {
    const answer = await sendAs(row);
    refusals.push({ answer, code: row.code });
    expectRefused(answer, row.code);
  });

  test('and audit each refusal once, as what it is', async () => {
    const entries = await auditEntries(clinic.cloud, clinic.trail);
    expect(refusals).toHaveLength(badRequests.length);
    for (const { answer, code } of refusals) {
      const { status, event: type } = problems[code];
      const own = entries.filter(({ requestId }) => requestId === answer.requestId);
      expect(own, code).toMatchObject([{ status, type, problem: code, outcome: 'refused' }]);
    }
  });
});

describe('the gateway refuses', () => {
  test.each(gatewayRows)('$name: $code', async (row) => expectRefused(await sendAs(row), row.code));
});
