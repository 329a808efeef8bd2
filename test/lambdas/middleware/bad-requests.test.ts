import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../../../lambdas/middleware/chain.ts';
import { type ProblemCode, problems, problemType } from '../../../model/problems.ts';
import { patient } from '../../../model/resources/patient.ts';
import { badRequests, canary } from '../../bad-requests.ts';
import { missingHeaders } from '../answers.ts';
import {
  eventOf,
  startClinicalApi,
  type TestApi,
  type TestPerson,
  type TestRequest,
} from '../clinical-api.ts';

let api: TestApi;
let provider: TestPerson;
const answers: { requestId: string; code: ProblemCode }[] = [];
const clinical = badRequests.filter(({ ask }) => ask.path.startsWith('/clinical/v1'));

beforeAll(async () => {
  api = await startClinicalApi();
});
afterAll(() => api.stop());

/** A new person for every few requests, for the rate is a principal's. */
let sent = 0;
const send = async (ask: Omit<TestRequest, 'token'>): Promise<ApiAnswer> => {
  if (sent % 90 === 0) provider = await api.newPerson('provider');
  sent += 1;
  return api.send({ ...ask, token: provider.token });
};

const expectProblem = ({ statusCode, headers, body }: ApiAnswer, code: ProblemCode): void => {
  const { status, title } = problems[code];
  const requestId = headers['x-request-id'] ?? '';
  expect(JSON.parse(body)).toEqual({ type: problemType(code), title, status, code, requestId });
  expect(statusCode).toBe(status);
  expect(headers['content-type']).toBe('application/problem+json');
  expect(missingHeaders(headers)).toEqual([]);
  answers.push({ requestId, code });
};

describe('a bad request is refused from the catalogue, without an echo', () => {
  test('there are more than 40', () => {
    expect(clinical.length).toBeGreaterThan(40);
  });

  test.each(clinical)('$name: $code', async ({ ask, code }) => {
    const answer = await send({ ...ask, path: ask.path.slice('/clinical/v1'.length) });
    expectProblem(answer, code);
    expect(JSON.stringify(answer)).not.toContain(canary);
  });

  test.each([
    ['that is none', 'not base64!', 'malformed-body'],
    ['of bad UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64'), 'malformed-body'],
    ['of more than 256 KB', Buffer.alloc(262_147, 32).toString('base64'), 'too-large'],
  ] as const)('base64 %s', async (_name, body, code) => {
    const event = eventOf({ method: 'POST', path: '/patients', body: '', token: provider.token });
    const context = { awsRequestId: randomUUID() } as Context;
    expectProblem(await api.rawFunction()({ ...event, body, isBase64Encoded: true }, context), code);
  });

  test('a header that is sent twice', async () => {
    const ask = { method: 'GET', path: `/patients/${'A'.repeat(26)}` } as const;
    expectProblem(
      await send({ ...ask, headers: { 'x-purpose-of-use': ['TREAT', 'TREAT'] } }),
      'invalid-parameter',
    );
    expectProblem(
      await send({
        method: 'POST',
        path: '/patients',
        body: patient.example,
        headers: { 'Content-Type': ['application/json', 'text/plain'] },
      }),
      'unsupported-media-type',
    );
  });

  test('a route that no operation has', async () => {
    expectProblem(await send({ method: 'DELETE', path: `/patients/${canary}` }), 'unknown-route');
  });

  test('each left exactly one audit entry, with its problem', async () => {
    const entries = await api.entries();
    for (const { requestId, code } of answers) {
      const found = entries.get(requestId) ?? [];
      expect(found.map(({ problem, type }) => [problem, type])).toEqual([[code, problems[code].event]]);
    }
    expect(JSON.stringify([...entries])).not.toContain(canary);
  });
});

describe('what is canonicalized is accepted', () => {
  test.each([
    ['base64, as API Gateway passes binary bodies on', Buffer.from(JSON.stringify(patient.example))],
    ['a name in decomposed form', { ...patient.example, name: { family: 'Jose\u0301', given: ['李'] } }],
  ])('%s', async (_name, body) => {
    expect((await send({ method: 'POST', path: '/patients', body })).statusCode).toBe(201);
  });

  test('and comes back in NFC', async () => {
    const person = await api.newPerson('provider');
    const body = { ...patient.example, name: { family: 'Jose\u0301', given: ['李'] } };
    const made = await api.send({ method: 'POST', path: '/patients', body, token: person.token });
    const { id } = JSON.parse(made.body);
    const got = await api.send({ method: 'GET', path: `/patients/${id}?fields=name`, token: person.token });
    expect(JSON.parse(got.body)).toEqual({ name: { family: 'José', given: ['李'] } });
  });
});

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .record({ name: fc.jsonValue(), birthDate: fc.string(), mrn: fc.string(), ssn: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  const requests = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.oneof(
      fc.constantFrom('/patients', '/patients/_search', '/vitals', `/patients/${'A'.repeat(26)}`),
      fc.string({ maxLength: 40 }).map((id) => `/patients/${encodeURIComponent(id).replaceAll('.', '%2E')}`),
      fc
        .tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }))
        .map(([name, value]) => `/patients/${'A'.repeat(26)}?${new URLSearchParams([[name, value]])}`),
    ),
    headers: fc.dictionary(
      fc.constantFrom('if-match', 'idempotency-key', 'x-purpose-of-use', 'content-type'),
      fc.string({ maxLength: 40 }),
    ),
    body: fc.option(anything, { nil: undefined }),
  });

  test('the answer is a refusal from the catalogue, never a failure, and says nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ body, ...request }) => {
        const answer = await send({ ...request, ...(body !== undefined && { body }) } as TestRequest);
        const code: ProblemCode = JSON.parse(answer.body).code;
        expect(answer.statusCode).toBeGreaterThanOrEqual(400);
        expect(answer.statusCode).toBeLessThan(500);
        expectProblem(answer, code);
      }),
      { numRuns: 300 },
    );
  });
});

test('an event without anything is refused', async () => {
  const handler = api.rawFunction();
  const context = { awsRequestId: randomUUID() } as Context;
  const answer = await handler({ requestContext: {} } as Parameters<typeof handler>[0], context);
  expectProblem(answer, 'unknown-route');
});
