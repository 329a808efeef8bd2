import { performance } from 'node:perf_hooks';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { callsDuring } from './aws-calls.ts';
import type { Answer } from './client.ts';
import { expectProblem, expectStatus, told } from './client.ts';
import type { Clinic } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { renewFunction } from './cloud.ts';

/** As often as an account may be tried. */
const tries = 5;
const accounts = 40;

interface Try {
  readonly answer: Answer;
  readonly milliseconds: number;
}

let clinic: Clinic;
const known: string[] = [];
const unknown: string[] = [];
const newEmail = (): string => `synthetic-${crypto.randomUUID()}@staff.example`;
const attempt = (email: string): Promise<Answer> =>
  clinic.send({
    method: 'POST',
    path: '/identity/v1/auth/login',
    body: { email, password: `Wrong-${crypto.randomUUID()}-A1!` },
  });

/** Half of the known people have signed in before, the other half not yet. */
beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  const create = async (): Promise<void> => {
    const email = newEmail();
    const body = { email, role: 'nurse' };
    expectStatus(await clinic.administer({ method: 'POST', path: '/identity/v1/users', body }), 201);
    known.push(email);
  };
  const join = async (): Promise<void> => {
    known.push((await clinic.join('nurse')).credentials.email);
  };
  const worker = async (): Promise<void> => {
    for (let count = 0; count < accounts / 8; count += 1) {
      await create();
      await join();
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  unknown.push(...Array.from({ length: known.length }, newEmail));
});

const timed = async (email: string): Promise<Try> => {
  const started = performance.now();
  const answer = await attempt(email);
  return { answer, milliseconds: performance.now() - started };
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
};

describe('whether an account exists cannot be told', () => {
  test(`by ${tries * accounts} wrong passwords each`, async () => {
    const [ofKnown, ofUnknown]: [Try[], Try[]] = [[], []];
    for (let round = 0; round < tries; round += 1)
      for (const [index, email] of known.entries()) {
        const pair = [
          async () => ofKnown.push(await timed(email)),
          async () => ofUnknown.push(await timed(unknown[index] ?? '')),
        ];
        for (const one of index % 2 ? pair : pair.reverse()) await one();
      }
    expect([ofKnown.length, ofUnknown.length]).toEqual([tries * accounts, tries * accounts]);
    const all = [...ofKnown, ...ofUnknown];
    for (const { answer } of all) expectProblem(answer, 'invalid-credentials');
    expect(new Set(all.map(({ answer }) => told(answer))).size).toBe(1);
    const [mine, theirs] = [ofKnown, ofUnknown].map((one) =>
      median(one.map(({ milliseconds }) => milliseconds)),
    ) as [number, number];
    console.log(
      `median of ${ofKnown.length} refused sign-ins: ${mine.toFixed(1)} ms of known people, ${theirs.toFixed(1)} ms of unknown ones`,
    );
    // Only what nobody could overlook: the figures are for people, and the calls are compared below.
    expect(Math.max(mine, theirs) / Math.min(mine, theirs)).toBeLessThan(2);
  }, 180_000);

  test('by the sixth try', async () => {
    const answers = [await attempt(known[0] ?? ''), await attempt(unknown[0] ?? '')];
    for (const answer of answers) {
      expectProblem(answer, 'rate-limited');
      expect(Object.keys(answer.headers).sort()).toEqual(Object.keys(answers[0]?.headers ?? {}).sort());
    }
  });

  test('by what is done for the answer: the same calls to AWS', async () => {
    const names = [
      'AdminGetUser',
      'AdminInitiateAuth',
      'AdminRespondToAuthChallenge',
      'DeleteItem',
      'Decrypt',
      'DescribeUserPoolClient',
      'Encrypt',
      'GetItem',
      'PutItem',
      'Query',
      'TransactWriteItems',
      'UpdateItem',
    ];
    const fresh = [(await clinic.join('nurse')).credentials.email, newEmail()];
    await renewFunction(clinic.cloud, output(clinic.runtime, 'identity-api', 'FunctionName'));
    await attempt(newEmail());
    const calls = [];
    for (const email of fresh)
      calls.push(
        await callsDuring(clinic.cloud, names, async () => {
          for (let count = 0; count <= tries; count += 1) await attempt(email);
        }),
      );
    expect(calls[0]).toMatchObject({ AdminInitiateAuth: tries, PutItem: tries + 1 });
    expect(calls[0]).toEqual(calls[1]);
  });
});
