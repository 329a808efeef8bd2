import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { Answer, Send } from './client.ts';
import { connect, expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic } from './clinic.ts';
import type { SignedIn } from './sign-in.ts';
import { signIn } from './sign-in.ts';

const identity = '/identity/v1';
const aRecord = `/clinical/v1/patients/${'A'.repeat(26)}`;
const browser = { 'user-agent': 'browser/1.0' };
const thief = { 'user-agent': 'thief/2.0' };

let clinic: Clinic;
/** Sends from another network: another address of the loopback network (RFC 1122 §3.2.1.3). */
let fromElsewhere: Send;
beforeAll(async () => {
  const runtime = inject('runtime');
  clinic = await openClinic(runtime);
  fromElsewhere = connect({ ...runtime, localAddress: '127.9.9.9' });
});

const refresh = ({ refreshToken }: SignedIn, send = clinic.send, headers = {}): Promise<Answer> =>
  send({ method: 'POST', path: `${identity}/auth/refresh`, body: { refreshToken }, headers });
const list = async ({ accessToken }: SignedIn) =>
  expectStatus(
    await clinic.send({
      method: 'POST',
      path: `${identity}/sessions/_search`,
      token: accessToken,
      body: {},
    }),
    200,
  ).body.items as readonly { readonly id: string; readonly isCurrent: boolean }[];
const remove = ({ accessToken }: SignedIn, path: string): Promise<Answer> =>
  clinic.send({ method: 'DELETE', path: `${identity}${path}`, token: accessToken });
const again = ({ credentials }: Person): Promise<SignedIn> => signIn(clinic.send, credentials);
const sessionOf = ({ accessToken }: SignedIn): string =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).origin_jti;

const expectLive = async (...people: readonly SignedIn[]): Promise<void> => {
  for (const { accessToken } of people)
    expectProblem(await clinic.send({ path: aRecord, token: accessToken }), 'not-found');
};
/** That a token is refused on its next request at each API, though it has not expired, and not continued. */
const expectOver = async (...people: readonly SignedIn[]): Promise<void> => {
  for (const person of people) {
    const { accessToken: token } = person;
    const answer = expectProblem(await clinic.send({ path: aRecord, token }), 'unauthenticated');
    await clinic.audited(answer, 'AUTHENTICATION_FAILURE');
    expectProblem(await remove(person, '/sessions'), 'unauthenticated');
    expectProblem(await refresh(person), 'unauthenticated');
  }
};

describe('a person', () => {
  test('lists their own sessions, and ends one of them', async () => {
    const [nurse, colleague] = [await clinic.join('nurse'), await clinic.join('nurse')];
    const other = await again(nurse);
    expect((await list(other)).map(({ id, isCurrent }) => [id, isCurrent])).toEqual([
      [sessionOf(nurse), false],
      [sessionOf(other), true],
    ]);
    const answer = expectStatus(await remove(other, `/sessions/${sessionOf(nurse)}`), 204);
    expect(await clinic.audited(answer, 'TOKEN_REVOKED')).toMatchObject({
      actor: nurse.subject,
      resource: 'Session',
      resourceId: sessionOf(nurse),
    });
    await expectOver(nurse);
    await expectLive(other, colleague);
    expect(await list(other)).toHaveLength(1);
  });

  test.each([
    ['nurse', undefined],
    ['patient', 'A'.repeat(26)],
  ] as const)(
    'ends none of anybody else’s, and cannot tell that there is one: a %s',
    async (role, patient) => {
      const [person, colleague] = [await clinic.join(role, patient), await clinic.join('provider')];
      expect((await list(person)).map(({ id }) => id)).toEqual([sessionOf(person)]);
      for (const id of [sessionOf(colleague), sessionOf(clinic.admin), crypto.randomUUID()]) {
        const answer = expectProblem(await remove(person, `/sessions/${id}`), 'not-found');
        await clinic.audited(answer, 'UNAUTHORIZED_ACCESS_ATTEMPT');
      }
      // The gateway asks for the scope of administrators first.
      expectProblem(await remove(person, `/users/${colleague.subject}/sessions`), 'unauthenticated');
      await expectLive(colleague, clinic.admin);
    },
  );

  test('ends all of their own at once', async () => {
    const nurse = await clinic.join('nurse');
    const other = await again(nurse);
    await clinic.audited(expectStatus(await remove(other, '/sessions'), 204), 'TOKEN_REVOKED');
    await expectOver(nurse, other);
  });

  test('who ended all of their own can sign in anew', async () => {
    const nurse = await clinic.join('nurse');
    expectStatus(await remove(nurse, '/sessions'), 204);
    const anew = await again(nurse);
    await expectOver(nurse);
    await expectLive(anew);
    expectStatus(await refresh(anew), 200);
  });
});

describe('an administrator', () => {
  test('ends every session of a person of the tenant, and of no other tenant', async () => {
    const nurse = await clinic.join('nurse');
    const other = await again(nurse);
    const elsewhere = await openClinic(inject('runtime'));
    const path = `/users/${nurse.subject}/sessions`;
    const foreign = expectProblem(await remove(elsewhere.admin, path), 'not-found');
    await elsewhere.audited(foreign, 'UNAUTHORIZED_ACCESS_ATTEMPT');
    await expectLive(nurse, other);
    const answer = expectStatus(await remove(clinic.admin, path), 204);
    expect(await clinic.audited(answer, 'TOKEN_REVOKED')).toMatchObject({ resourceId: nurse.subject });
    await expectOver(nurse, other);
    await expectLive(clinic.admin);
  });
});

describe('a change of what a person may do', () => {
  test.each([
    ['another role', 'PUT', '/role', { role: 'billing' }, 204],
    ['a suspension', 'POST', '/suspend', undefined, 204],
    ['a reset of the factors', 'POST', '/reset-factors', undefined, 200],
    ['a removal', 'DELETE', '', undefined, 204],
  ])('ends every session on the next request: %s', async (_case, method, part, body, status) => {
    const nurse = await clinic.join('nurse');
    const other = await again(nurse);
    const renewed = expectStatus(await refresh(other), 200).body as unknown as SignedIn;
    await expectLive(nurse, other, renewed);
    const path = `${identity}/users/${nurse.subject}${part}`;
    const answer = expectStatus(await clinic.administer({ method, path, body }), status);
    await clinic.audited(answer, 'PRIVILEGE_CHANGE');
    await expectOver(nurse, renewed, other);
  });

  test('ends nobody else’s session, and lets the person sign in with the new role', async () => {
    const [nurse, colleague] = [await clinic.join('nurse'), await clinic.join('nurse')];
    const path = `${identity}/users/${nurse.subject}/role`;
    expectStatus(await clinic.administer({ method: 'PUT', path, body: { role: 'provider' } }), 204);
    await expectOver(nurse);
    const anew = await again(nurse);
    await expectLive(anew, colleague);
    expectStatus(await refresh(anew), 200);
  });
});

// A Mac has no second address of its loopback network until it is given one.
describe.skipIf(process.platform === 'darwin')('a session used from elsewhere', () => {
  /** A session of a sign-in by a browser, which names itself. */
  const byBrowser = ({ credentials }: Person): Promise<SignedIn> =>
    signIn((ask) => clinic.send({ ...ask, headers: browser }), credentials);

  test('goes on from another network, and by another agent', async () => {
    const session = await byBrowser(await clinic.join('nurse'));
    const { accessToken: token } = session;
    expectProblem(await fromElsewhere({ path: aRecord, token, headers: browser }), 'not-found');
    expectProblem(await clinic.send({ path: aRecord, token, headers: thief }), 'not-found');
    expectStatus(await refresh(session, fromElsewhere, browser), 200);
  });

  test('by software that does not name itself ends in another network', async () => {
    const session = await byBrowser(await clinic.join('nurse'));
    const { accessToken: token } = session;
    const stolen = expectProblem(await fromElsewhere({ path: aRecord, token }), 'unauthenticated');
    await clinic.audited(stolen, 'SECURITY');
    await expectOver(session);
  });

  test('by another agent in another network ends on that very request', async () => {
    const nurse = await clinic.join('nurse');
    const { accessToken: token } = nurse;
    const other = await again(nurse);
    const stolen = expectProblem(
      await fromElsewhere({ path: aRecord, token, headers: thief }),
      'unauthenticated',
    );
    expect(await clinic.audited(stolen, 'SECURITY')).toMatchObject({
      policy: 'session.anomaly',
      actor: nurse.subject,
      sourceAddress: '127.9.9.9',
      userAgent: 'thief/2.0',
    });
    await expectOver(nurse);
    await expectLive(other);
  });

  test('is not continued there either, and ends', async () => {
    const nurse = await clinic.join('nurse');
    const stolen = expectProblem(await refresh(nurse, fromElsewhere, thief), 'unauthenticated');
    await clinic.audited(stolen, 'SECURITY');
    await expectOver(nurse);
  });
});
