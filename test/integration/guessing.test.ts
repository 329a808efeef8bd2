import { randomInt } from 'node:crypto';
import { TOTP } from 'otpauth';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { AuditEventType } from '../../model/audit-event-types.ts';
import { auditEntries } from './audit-trail.ts';
import { callsDuring } from './aws-calls.ts';
import type { Answer, Ask } from './client.ts';
import { expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic } from './clinic.ts';
import { sendAtOnce } from './senders.ts';
import { signIn } from './sign-in.ts';

const auth = '/identity/v1/auth';
const guesses = 200;
/** Failed verifications of one account in 15 minutes (requirement B8). */
const most = 5;
/** As many connections as the emulator serves well on two cores: further requests of the 200 wait for one. */
const way = { processes: 2, sockets: 12 };
/** Several times what it takes on a quiet machine. */
const timeLimit = 180_000;

let clinic: Clinic;
let other: Person;

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  other = await clinic.join('nurse');
});

const newEmail = (): string => `synthetic-${crypto.randomUUID()}@staff.example`;
const wrongPassword = (): string => `Wrong-${crypto.randomUUID()}-A1!`;
const login = ({ email, password }: { readonly email: string; readonly password: string }): Ask => ({
  method: 'POST',
  path: `${auth}/login`,
  body: { email, password },
});

interface Burst {
  readonly answers: readonly Answer[];
  /** Calls of each of Cognito's operations meanwhile, but for those of the other account's sign-in. */
  readonly verifications: Readonly<Record<string, number>>;
}

const verifying = ['AdminInitiateAuth', 'AdminRespondToAuthChallenge'] as const;

/** Sends all guesses at once from two processes while somebody else signs in from the same address. */
const burst = async (asks: readonly Ask[]): Promise<Burst> => {
  let answers: readonly Answer[] = [];
  const calls = await callsDuring(clinic.cloud, verifying, async () => {
    const sent = sendAtOnce(clinic.runtime, asks, way);
    const entered = await signIn(clinic.send, other.credentials);
    await clinic.audited(entered.answers.at(-1) as Answer, 'AUTHENTICATION_SUCCESS');
    answers = await sent;
  });
  const verifications = Object.fromEntries(verifying.map((name) => [name, (calls[name] ?? 0) - 1]));
  return { answers, verifications };
};

/** At most five answers tell that a guess was wrong; each other one that no more are taken, and for how long. */
const expectStopped = async (
  answers: readonly Answer[],
  wrong: 'invalid-credentials' | 'invalid-challenge',
): Promise<void> => {
  const verified = answers.filter(({ status }) => status === 401);
  const stopped = answers.filter(({ status }) => status !== 401);
  expect([verified.length, stopped.length]).toEqual([most, guesses - most]);
  for (const answer of verified) expectProblem(answer, wrong);
  for (const answer of stopped) {
    const seconds = Number(expectProblem(answer, 'rate-limited').headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(900);
  }
  const entries = await auditEntries(clinic.cloud, clinic.trail);
  const typesOf = ({ requestId }: Answer): readonly AuditEventType[] =>
    entries.filter((entry) => entry.requestId === requestId).map(({ type }) => type);
  for (const answer of verified) expect(typesOf(answer)).toEqual(['AUTHENTICATION_FAILURE']);
  for (const answer of stopped) expect(typesOf(answer)).toEqual(['RATE_LIMIT_EXCEEDED']);
};

/** Also readies a function process for each connection, so that what follows really happens at once. */
test(
  `${guesses} wrong sign-ins of as many people at one address are no guesses at one of them`,
  async () => {
    const asks = Array.from({ length: guesses }, () =>
      login({ email: newEmail(), password: wrongPassword() }),
    );
    for (const answer of await sendAtOnce(clinic.runtime, asks, way))
      expectProblem(answer, 'invalid-credentials');
  },
  timeLimit,
);

describe(`of ${guesses} guesses at once from two processes, Cognito gets no more than ${most}`, () => {
  test(
    'when the passwords are wrong',
    async () => {
      const { credentials } = await clinic.join('nurse');
      const asks = Array.from({ length: guesses }, () =>
        login({ ...credentials, password: wrongPassword() }),
      );
      const { answers, verifications } = await burst(asks);
      expect(verifications).toEqual({ AdminInitiateAuth: most, AdminRespondToAuthChallenge: 0 });
      await expectStopped(answers, 'invalid-credentials');
      expectProblem(await clinic.send(login(credentials)), 'rate-limited');
    },
    timeLimit,
  );

  test(
    'when the password is right and the codes are wrong',
    async () => {
      const { credentials } = await clinic.join('nurse');
      const sessions: unknown[] = [];
      const collect = async (): Promise<void> => {
        while (sessions.length < guesses)
          sessions.push(expectStatus(await clinic.send(login(credentials)), 200).body.session);
      };
      await Promise.all([collect(), collect(), collect()]);
      const asks = sessions.slice(0, guesses).map(
        (session): Ask => ({
          method: 'POST',
          path: `${auth}/challenge`,
          body: { challenge: 'SOFTWARE_TOKEN_MFA', session, code: wrongCode(credentials.totpSecret) },
        }),
      );
      const { answers, verifications } = await burst(asks);
      expect(verifications).toEqual({ AdminInitiateAuth: 0, AdminRespondToAuthChallenge: most });
      await expectStopped(answers, 'invalid-challenge');
      expectProblem(await clinic.send(login(credentials)), 'rate-limited');
    },
    timeLimit,
  );
});

/** A code that the device shows at no time near now. */
const wrongCode = (secret: string): string => {
  const device = new TOTP({ secret });
  for (;;) {
    const token = String(randomInt(1_000_000)).padStart(6, '0');
    if (device.validate({ token, window: 10 }) === null) return token;
  }
};
