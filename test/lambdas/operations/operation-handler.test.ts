import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { ApiError } from '../../../lambdas/domain/api-error.ts';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import { clinicalValidators } from '../../../lambdas/generated/validators.js';
import type { ApiEvent } from '../../../lambdas/middleware/chain.ts';
import { capabilityHandler } from '../../../lambdas/operations/capability-handler.ts';
import { operationHandler, unknownRouteHandler } from '../../../lambdas/operations/operation-handler.ts';
import type { OperationRequest, OperationResult } from '../../../lambdas/operations/run.ts';
import type { LogLine } from '../../../lambdas/ports/log.ts';
import { patient } from '../../../model/resources/patient.ts';
import type { PurposeOfUse } from '../../../model/vocabulary.ts';
import { missingHeaders } from '../answers.ts';
import { eventWith, operationNamed, principalWith } from '../middleware/request.ts';

const context = { awsRequestId: '00000000-0000-4000-8000-000000000001' } as Context;
const id = 'A'.repeat(26);

/** What the chain needs, in memory, with what it was asked. */
const chainPorts = (session: () => Promise<void> = async () => {}) => {
  const entries: AuditEntry[] = [];
  const lines: LogLine[] = [];
  const sessions = { check: session };
  const principal = principalWith('provider', 'user/Patient.r', 'user/Patient.c');
  const ports = {
    auditLog: {
      mark: () => ({ writer: 'A'.repeat(26), writerCounter: 1 }),
      write: async (entry: AuditEntry) => void entries.push(entry),
    },
    tokens: { verify: async () => ({ principal, issuedAt: 0, authenticatedAt: 0, expiresAt: 900 }) },
    sessions: sessions as unknown as Parameters<typeof unknownRouteHandler>[0]['sessions'],
    validators: clinicalValidators,
    proofs: { life: 300, issue: async () => '', use: async () => false },
    log: {
      request: (line: LogLine) => void lines.push(line),
      failure: (line: LogLine) => void lines.push(line),
      warn: () => {},
    },
  };
  return { ports, entries, lines };
};

const authorization = ['Bearer a.b.c'];
const reading: Partial<ApiEvent> = {
  pathParameters: { id },
  multiValueHeaders: { authorization },
  multiValueQueryStringParameters: { fields: ['mrn'] },
};
const creating: Partial<ApiEvent> = {
  multiValueHeaders: { authorization, 'content-type': ['application/json'] },
  body: JSON.stringify(patient.example),
};

/** Sends an event through an operation's chain to a run that only notes what reaches it. */
const send = async (
  operation: string,
  event: Partial<ApiEvent>,
  result: (request: OperationRequest) => OperationResult = () => ({ status: 200, body: { id } }),
  session?: () => Promise<void>,
) => {
  const { ports, entries, lines } = chainPorts(session);
  const reached: OperationRequest[] = [];
  const run = {
    fetch: async () => undefined,
    complete: async (request: OperationRequest) => {
      reached.push(request);
      return result(request);
    },
  };
  const answer = await operationHandler(operationNamed(operation), run, ports)(eventWith(event), context);
  return {
    answer,
    entries,
    lines,
    reached,
    code: answer.body === '' ? undefined : JSON.parse(answer.body).code,
  };
};

test('an operation gets what the chain read, and its answer the chain’s headers, entry and log line', async () => {
  const { answer, entries, lines, reached } = await send('Patient.read', reading);
  expect(reached[0]).toMatchObject({
    purpose: 'TREAT' satisfies PurposeOfUse,
    fields: ['mrn'],
    pathParameters: { id },
  });
  expect(reached[0]?.principal?.role).toBe('provider');
  expect([answer.statusCode, JSON.parse(answer.body)]).toEqual([200, { id }]);
  expect(answer.headers['content-type']).toBe('application/json');
  expect(missingHeaders(answer.headers)).toEqual([]);
  expect(entries).toMatchObject([{ type: 'PHI_ACCESS', outcome: 'success', status: 200 }]);
  expect(lines).toMatchObject([{ operation: 'Patient.read', status: 200 }]);
});

test('a body arrives parsed', async () => {
  expect((await send('Patient.create', creating)).reached[0]?.body).toEqual(patient.example);
});

test('an answer without content has no type', async () => {
  const { answer } = await send('Patient.read', reading, () => ({ status: 204 }));
  expect([answer.statusCode, answer.body]).toEqual([204, '']);
  expect(answer.headers).not.toHaveProperty('content-type');
});

test('an entry that the operation committed itself is the only one', async () => {
  const { entries } = await send('Patient.read', reading, (request) => {
    const { entry, committed } = request.auditInTransaction(201);
    expect(entry).toMatchObject({ status: 201, outcome: 'success' });
    committed();
    return { status: 201, body: { id } };
  });
  expect(entries).toEqual([]);
});

test.each([
  ['without a token', 'Patient.read', { ...reading, multiValueHeaders: {} }, 401, 'unauthenticated'],
  [
    'with an unknown parameter',
    'Patient.read',
    { ...reading, queryStringParameters: { x: '1' } },
    400,
    'invalid-parameter',
  ],
  [
    'with PHI in its URL',
    'Patient.read',
    { ...reading, queryStringParameters: { ssn: '1' } },
    400,
    'phi-in-url',
  ],
  [
    'for an unknown purpose',
    'Patient.read',
    {
      ...reading,
      headers: { 'x-purpose-of-use': 'x' },
      multiValueHeaders: { authorization, 'x-purpose-of-use': ['x'] },
    },
    400,
    'invalid-parameter',
  ],
  ['that is no JSON', 'Patient.create', { ...creating, body: '{' }, 400, 'malformed-body'],
  [
    'that is not of the schema',
    'Patient.create',
    { ...creating, body: '{"unknown":1}' },
    400,
    'invalid-body',
  ],
  [
    'without the scope',
    'Vital.read',
    { ...reading, pathParameters: { id: `${id}.${id}` }, multiValueQueryStringParameters: {} },
    403,
    'not-permitted',
  ],
] as const)('a request %s reaches no operation', async (_name, operation, event, status, code) => {
  const { answer, code: told, reached, entries } = await send(operation, event as Partial<ApiEvent>);
  expect([answer.statusCode, told]).toEqual([status, code]);
  expect(missingHeaders(answer.headers)).toEqual([]);
  expect(reached).toEqual([]);
  expect(entries).toMatchObject([{ problem: code, status }]);
});

test('no operation completes on a session that is over, and that is what is told', async () => {
  const over = async (): Promise<void> => {
    throw new ApiError('unauthenticated', { policy: 'session.over' });
  };
  const { code, reached, entries } = await send('Patient.read', reading, undefined, over);
  expect([code, reached]).toEqual(['unauthenticated', []]);
  expect(entries).toMatchObject([{ policy: 'session.over' }]);
  expect((await send('Patient.create', { ...creating, body: '{' }, undefined, over)).code).toBe(
    'unauthenticated',
  );
});

test('an operation that takes too long is given up in time', async () => {
  const { ports, entries } = chainPorts();
  const run = { fetch: async () => undefined, complete: () => new Promise<never>(() => {}) };
  const handler = operationHandler(operationNamed('Patient.read'), run, ports);
  const answer = await handler(eventWith(reading), { ...context, getRemainingTimeInMillis: () => 2020 });
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([503, 'unavailable']);
  expect(entries).toMatchObject([{ problem: 'unavailable', outcome: 'failure' }]);
});

test('a route that no operation has is refused, audited and logged', async () => {
  const { ports, entries, lines } = chainPorts();
  const answer = await unknownRouteHandler(ports)(eventWith(), context);
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([404, 'unknown-route']);
  expect(missingHeaders(answer.headers)).toEqual([]);
  expect(entries).toMatchObject([{ problem: 'unknown-route', operation: 'unknown', tenant: 'platform' }]);
  expect(lines).toMatchObject([{ operation: 'unknown', status: 404, code: 'unknown-route' }]);
});

test('a capability’s function does not start without a run and a validator for each operation', () => {
  const { ports } = chainPorts();
  expect(() => capabilityHandler('clinical', () => undefined, ports)).toThrow('has no run');
  const run = { fetch: async () => undefined, complete: async () => ({ status: 200 }) };
  expect(() => capabilityHandler('identity', () => run, ports)).toThrow('has no validator');
});

test('what the chain itself cannot bear is unavailable, and logged by its place alone', async () => {
  const { ports, lines } = chainPorts();
  const run = { fetch: async () => undefined, complete: async () => ({ status: 200 }) };
  const broken = () => {
    throw new TypeError('219-09-9999');
  };
  const handler = capabilityHandler('clinical', () => run, { ...ports, clock: broken });
  const answer = await handler(eventWith(), context);
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([503, 'unavailable']);
  expect(lines).toEqual([
    { requestId: context.awsRequestId, status: 503, error: 'TypeError', at: expect.any(Array) },
  ]);
  expect(JSON.stringify([answer, lines])).not.toContain('219-09');
});
