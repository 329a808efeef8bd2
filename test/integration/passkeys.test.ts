import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeUserPoolCommand } from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { local } from '../../lib/config/stages/local.ts';
import { signIn as signInDemo } from '../../scripts/local/api-client.ts';
import {
  type Misbehaviour,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from '../lambdas/software-authenticator.ts';
import type { Answer, Send } from './client.ts';
import { expectProblem, expectStatus } from './client.ts';
import type { Clinic, Person } from './clinic.ts';
import { openClinic, output } from './clinic.ts';
import { renewFunction } from './cloud.ts';
import { oneTimeCode } from './one-time-code.ts';
import { signIn } from './sign-in.ts';

const auth = '/identity/v1/auth';
const passkeys = '/identity/v1/passkeys';
const [origin = ''] = local.passkeys.origins;
/** Seconds for which an authentication is recent here, so that the tests need not wait long for an old one. */
const stepUpLife = 6;

let clinic: Clinic;
/** The functions that this file configures more strictly than the stage does. */
let configured: readonly (readonly [name: string, variable: string, strict: string, usual: string])[];

const configure = async (isStrict: boolean): Promise<void> => {
  for (const [name, variable, strict, usual] of configured)
    await renewFunction(clinic.cloud, name, { [variable]: isStrict ? strict : usual });
};

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  const { UserPool } = await clinic.cloud.cognito.send(
    new DescribeUserPoolCommand({ UserPoolId: output(clinic.runtime, 'identity', 'UserPoolId') }),
  );
  const preToken = UserPool?.LambdaConfig?.PreTokenGenerationConfig?.LambdaArn?.split(':').at(-1) ?? '';
  configured = [
    [preToken, 'ADMINISTRATIVE_FACTOR', 'passkey', 'totp'],
    [output(clinic.runtime, 'identity-api', 'FunctionName'), 'STEP_UP_SECONDS', String(stepUpLife), '300'],
  ];
});
afterAll(() => configure(false));

const post = (path: string, body: unknown): Promise<Answer> => clinic.send({ method: 'POST', path, body });
const refresh = ({ refreshToken }: { readonly refreshToken: string }): Promise<Answer> =>
  post(`${auth}/refresh`, { refreshToken });
const scopesIn = ({ body }: Answer): readonly string[] => String(body.scope).split(' ');

interface Ceremony {
  readonly challenge: string;
  readonly session: string;
  readonly options: Parameters<SoftwareAuthenticator['create']>[0] &
    Parameters<SoftwareAuthenticator['get']>[0];
}
const ceremony = (answer: Answer): Ceremony => expectStatus(answer, 200).body as unknown as Ceremony;

const register = async (send: Send, authenticator: SoftwareAuthenticator): Promise<Answer> => {
  const { session, options } = ceremony(await send({ method: 'POST', path: `${passkeys}/challenge` }));
  const body = { session, credential: authenticator.create(options), name: 'Security key' };
  return send({ method: 'POST', path: passkeys, body });
};
const use = (
  begun: Answer,
  authenticator: SoftwareAuthenticator,
  wrong: Misbehaviour = {},
): Promise<Answer> => {
  const { challenge, session, options } = ceremony(begun);
  return post(`${auth}/challenge`, { challenge, session, credential: authenticator.get(options, wrong) });
};
const stepUp = async (
  { send }: Pick<Person, 'send'>,
  authenticator: SoftwareAuthenticator,
): Promise<Answer> => use(await send({ method: 'POST', path: `${auth}/step-up`, body: {} }), authenticator);
const signInByPasskey = async (authenticator: SoftwareAuthenticator, wrong?: Misbehaviour): Promise<Answer> =>
  use(await post(`${auth}/passkey`, {}), authenticator, wrong);
const withPasskey = async (person: Pick<Person, 'send'>): Promise<SoftwareAuthenticator> => {
  const authenticator = softwareAuthenticator(origin);
  expectStatus(await register(person.send, authenticator), 201);
  return authenticator;
};
/** Someone's further session. */
interface Session extends Pick<Person, 'send' | 'refreshToken'> {
  readonly scopes: readonly string[];
}
const sessionOf = (issued: Answer): Session => {
  const { accessToken, refreshToken } = expectStatus(issued, 200).body as Record<string, string>;
  const token = accessToken ?? '';
  return {
    send: (ask) => clinic.send({ token, ...ask }),
    refreshToken: refreshToken ?? '',
    scopes: scopesIn(issued),
  };
};
const signInByCode = async ({ credentials }: Person): Promise<Session> =>
  sessionOf((await signIn(clinic.send, credentials)).answers.at(-1) as Answer);
const signInAgain = async (authenticator: SoftwareAuthenticator): Promise<Session> =>
  sessionOf(await signInByPasskey(authenticator));
const begin = ({ send }: Pick<Person, 'send'>, proof?: unknown): Promise<Answer> =>
  send({
    method: 'POST',
    path: `${passkeys}/challenge`,
    ...(proof !== undefined && { headers: { 'x-step-up-proof': String(proof) } }),
  });

test('a passkey signs in by itself, and the trail says so', async () => {
  const nurse = await clinic.join('nurse');
  const authenticator = softwareAuthenticator(origin);
  const registered = expectStatus(await register(nurse.send, authenticator), 201);
  expect(await clinic.audited(registered, 'PRIVILEGE_CHANGE')).toMatchObject({
    actor: nurse.subject,
    resource: 'Passkey',
    resourceId: registered.body.id,
  });
  const answer = expectStatus(await signInByPasskey(authenticator), 200);
  expect(await clinic.audited(answer, 'AUTHENTICATION_SUCCESS')).toMatchObject({
    actor: nurse.subject,
    tenant: clinic.tenant,
    mfa: 'passkey',
  });
  expect(decodeJwt(String(answer.body.accessToken))).toMatchObject({ sub: nurse.subject, role: 'nurse' });
  expect(scopesIn(answer)).toContain('user/Vital.c');
  expect(scopesIn(expectStatus(await refresh(answer.body as { refreshToken: string }), 200))).toEqual(
    scopesIn(answer),
  );
});

test.each<[string, Misbehaviour]>([
  ['at another origin', { origin: 'https://localhost.evil.example' }],
  ['for another relying party', { rpId: 'evil.example' }],
  ['without its user verified', { userVerified: false }],
  ['for another challenge', { challenge: 'x'.repeat(43) }],
])('a passkey used %s signs nobody in', async (_name, wrong) => {
  const authenticator = await withPasskey(await clinic.join('nurse'));
  const answer = expectProblem(await signInByPasskey(authenticator, wrong), 'invalid-challenge');
  expect(await clinic.audited(answer, 'AUTHENTICATION_FAILURE')).toMatchObject({ mfa: 'none' });
});

test('a copied authenticator is a security event', async () => {
  const authenticator = await withPasskey(await clinic.join('nurse'));
  expectStatus(await signInByPasskey(authenticator, { counter: 9 }), 200);
  const answer = expectProblem(await signInByPasskey(authenticator, { counter: 9 }), 'invalid-challenge');
  await clinic.audited(answer, 'SECURITY');
});

test('a code signs in once', async () => {
  const { credentials } = await clinic.join('nurse');
  const code = await oneTimeCode(credentials.totpSecret);
  const attempt = async (): Promise<Answer> => {
    const { email, password } = credentials;
    const { challenge, session } = expectStatus(await post(`${auth}/login`, { email, password }), 200).body;
    return post(`${auth}/challenge`, { challenge, session, code });
  };
  expectStatus(await attempt(), 200);
  const again = expectProblem(await attempt(), 'invalid-challenge');
  expect(await clinic.audited(again, 'AUTHENTICATION_FAILURE')).toMatchObject({ policy: 'totp.used' });
});

test('the demo’s command for tokens takes the next code when one was used', async () => {
  const runtime = inject('runtime');
  const { billing } = runtime.users;
  if (billing === undefined) throw new Error('the demo has no billing user');
  const [first, second] = [await signInDemo(runtime, billing), await signInDemo(runtime, billing)];
  expect(first.accessToken).not.toBe(second.accessToken);
});

describe('where administrative scopes need a passkey, and an authentication is soon old', () => {
  let nurse: Person;
  let other: Person;
  beforeAll(async () => {
    [nurse, other] = [await clinic.join('nurse'), await clinic.join('nurse')];
    await configure(true);
  });

  test('an administrator gets theirs by registering one, stepping up and going on', async () => {
    const first = await signInByCode(clinic.admin);
    expect(first.scopes).toEqual(['identity/session']);
    const authenticator = await withPasskey(first);
    expect(scopesIn(expectStatus(await refresh(first), 200))).toEqual(['identity/session']);

    const second = await signInByCode(clinic.admin);
    const stepped = expectStatus(await stepUp(second, authenticator), 200);
    expect(stepped.body).toEqual({ proof: expect.any(String), expiresIn: stepUpLife });
    expect(await clinic.audited(stepped, 'AUTHENTICATION_SUCCESS')).toMatchObject({ mfa: 'passkey' });
    const continued = expectStatus(await refresh(second), 200);
    expect(scopesIn(continued)).toContain('identity/users.create');
    expect(await clinic.audited(continued, 'TOKEN_REFRESHED')).toMatchObject({ mfa: 'passkey' });

    const third = expectStatus(await signInByPasskey(authenticator), 200);
    expect(scopesIn(third)).toEqual(scopesIn(continued));
  }, 180_000);

  test('what is sensitive needs a proof then, of the same session, each time', async () => {
    const person = await signInByCode(nurse);
    const authenticator = await withPasskey(person);
    const elsewhere = await signInAgain(authenticator);
    await sleep((stepUpLife + 1) * 1000);
    const refused = async (proof: unknown, policy: string): Promise<void> => {
      const answer = expectProblem(await begin(person, proof), 'step-up-required');
      expect(await clinic.audited(answer, 'AUTHENTICATION_FAILURE')).toMatchObject({ policy });
    };
    await refused(undefined, 'step-up.missing');
    const foreign = expectStatus(await stepUp(elsewhere, authenticator), 200).body.proof;
    await refused(foreign, 'step-up.proof');
    expectStatus(await begin(elsewhere, foreign), 200);
    const { proof } = expectStatus(await stepUp(person, authenticator), 200).body;
    expectStatus(await begin(person, proof), 200);
    await refused(proof, 'step-up.proof');
  }, 180_000);

  test('a password and a code step up whom no passkey protects', async () => {
    const person = await signInByCode(other);
    const { password, totpSecret } = other.credentials;
    const ask = (): Promise<Answer> =>
      person.send({ method: 'POST', path: `${auth}/step-up`, body: { password } });
    const { challenge, session } = expectStatus(await ask(), 200).body;
    const code = await oneTimeCode(totpSecret);
    const answer = expectStatus(await post(`${auth}/challenge`, { challenge, session, code }), 200);
    expect(Object.keys(answer.body).sort()).toEqual(['expiresIn', 'proof']);
    expect(await clinic.audited(answer, 'AUTHENTICATION_SUCCESS')).toMatchObject({ mfa: 'totp' });
    expectStatus(await begin(person, answer.body.proof), 200);
    await withPasskey(await signInByCode(other));
    expectProblem(await ask(), 'step-up-required');
  }, 180_000);
});
