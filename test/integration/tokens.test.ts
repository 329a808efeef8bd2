import { InvokeCommand } from '@aws-sdk/client-lambda';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import { problems } from '../../model/problems.ts';
import type { Answer } from './client.ts';
import { expectProblem, missingSecurityHeaders, told } from './client.ts';
import type { Clinic } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { itemsOf } from './cloud.ts';
import type { TokenBench } from './token-bench.ts';
import { openTokenBench } from './token-bench.ts';
import type { WrongAuthorization } from './token-table.ts';
import { machineClaims, wrongAuthorizations } from './token-table.ts';

/** A record that is not there: who may read answers `not-found`. */
const id = '0'.repeat(26);
const path = `/clinical/v1/patients/${id}`;

let clinic: Clinic;
let bench: TokenBench;
beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  bench = await openTokenBench(clinic);
});

/** The event that API Gateway makes of a request; whoever may invoke the function can send it past the gateway. */
const eventWith = (authorization: readonly string[]): object => ({
  resource: '/patients/{id}',
  path: `/patients/${id}`,
  httpMethod: 'GET',
  headers: { ...(authorization.length > 0 && { Authorization: authorization.at(-1) }) },
  multiValueHeaders: { ...(authorization.length > 0 && { Authorization: authorization }) },
  pathParameters: { id },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  requestContext: { identity: { sourceIp: '127.0.0.1', userAgent: '' } },
  body: null,
  isBase64Encoded: false,
});

const invoke = async (authorization: readonly string[]): Promise<Answer> => {
  const { Payload } = await clinic.cloud.lambda.send(
    new InvokeCommand({
      FunctionName: output(clinic.runtime, 'clinical-api', 'FunctionName'),
      Payload: JSON.stringify(eventWith(authorization)),
    }),
  );
  const { statusCode, headers, body } = JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
  return {
    status: statusCode,
    headers,
    text: body,
    body: JSON.parse(body),
    requestId: headers['x-request-id'],
  };
};

const request = (authorization: readonly string[]): Promise<Answer> =>
  clinic.send({
    path,
    headers: { ...(authorization.length > 0 && { authorization: [...authorization] }) },
  });

interface Lock {
  readonly lock: string;
  readonly ask: (authorization: readonly string[]) => Promise<Answer>;
  readonly codeOf: (row: WrongAuthorization) => WrongAuthorization['code'];
  readonly isDecidedByUs: (row: WrongAuthorization) => boolean;
}

const locks: readonly Lock[] = [
  {
    lock: 'the function, invoked directly',
    ask: invoke,
    codeOf: ({ code }) => code,
    isDecidedByUs: () => true,
  },
  {
    lock: 'the deployed API, over HTTPS',
    ask: request,
    // The gateway does not tell a token without the scope from one that is not valid.
    codeOf: ({ code, refusedBy }) => (refusedBy === 'gateway' ? 'unauthenticated' : code),
    isDecidedByUs: ({ refusedBy }) => refusedBy === 'function',
  },
];

test('the table has every row that the requirement names, and more', () => {
  expect(wrongAuthorizations.length).toBeGreaterThanOrEqual(50);
  expect(new Set(wrongAuthorizations.map(({ name }) => name)).size).toBe(wrongAuthorizations.length);
});

describe.each(locks)('$lock', ({ ask, codeOf, isDecidedByUs }) => {
  const answers = new Map<WrongAuthorization, Answer>();

  test('opens to the person’s own token, to the same claims signed by the pool’s key again, and to a registered machine’s', async () => {
    const machine = bench.token({ claims: machineClaims(bench.clients.machine) });
    for (const token of [bench.issued.access, bench.token(), machine]) {
      const answer = expectProblem(await ask([`Bearer ${token}`]), 'not-found');
      await clinic.audited(answer, 'UNAUTHORIZED_ACCESS_ATTEMPT');
    }
  });

  test.each(wrongAuthorizations)('refuses: $name', async (row) => {
    const answer = await ask(row.values(bench));
    answers.set(row, answer);
    expectProblem(answer, codeOf(row));
    expect(missingSecurityHeaders(answer)).toEqual([]);
  });

  test('tells nobody why', () => {
    const texts = new Set<string>();
    for (const isOurs of [true, false])
      for (const code of ['unauthenticated', 'not-permitted'] as const) {
        const alike = wrongAuthorizations
          .filter((row) => isDecidedByUs(row) === isOurs && codeOf(row) === code)
          .map((row) => answers.get(row) as Answer);
        expect(new Set(alike.map(told)).size).toBe(Math.min(alike.length, 1));
        for (const { text, requestId } of alike) texts.add(text.replace(requestId, ''));
      }
    expect(texts.size).toBe(2);
  });

  test('leaves one audit entry of each refusal that is ours, and names the rule there alone', async () => {
    const found = new Map<string, AuditEntry[]>();
    for (const { entry } of await itemsOf(clinic.cloud, clinic.trail.table)) {
      const parsed = JSON.parse(entry?.S ?? '{}') as AuditEntry;
      found.set(parsed.requestId, [...(found.get(parsed.requestId) ?? []), parsed]);
    }
    for (const row of wrongAuthorizations) {
      const { requestId } = answers.get(row) as Answer;
      const { status, event: type } = problems[row.code];
      const wanted = { type, status, policy: row.policy, problem: row.code, outcome: 'refused' };
      expect(found.get(requestId) ?? [], row.name).toMatchObject(isDecidedByUs(row) ? [wanted] : []);
    }
  });

  test('still opens to the person’s own token', async () => {
    expectProblem(await ask([`Bearer ${bench.issued.access}`]), 'not-found');
  });
});
