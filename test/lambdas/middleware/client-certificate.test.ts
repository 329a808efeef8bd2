import { beforeAll, describe, expect, test } from 'vitest';
import { authenticate } from '../../../lambdas/middleware/authenticate.ts';
import type { VerifiedToken } from '../../../lambdas/ports/access-tokens.ts';
import type { SessionStore } from '../../../lambdas/ports/session-store.ts';
import { newCertificate, type TestCertificate } from '../certificates.ts';
import { passing, principalWith, runHook } from './request.ts';

const now = new Date('2026-11-22T10:00:00Z');
let own: TestCertificate;
let another: TestCertificate;
let expired: TestCertificate;
let future: TestCertificate;
beforeAll(async () => {
  const shifted = (days: number): Date => new Date(now.getTime() + days * 86_400_000);
  [own, another, expired, future] = await Promise.all([
    newCertificate(now),
    newCertificate(now),
    newCertificate(shifted(-2)),
    newCertificate(shifted(2)),
  ]);
});

/** A machine's request with what its connection showed, and whether its session was asked for. */
const ask = async (registered: string | undefined, shown: string | null | undefined) => {
  const verified: VerifiedToken = {
    principal: principalWith('system', 'system/Patient.r'),
    issuedAt: 0,
    authenticatedAt: 0,
    expiresAt: 900,
    ...(registered !== undefined && { certificate: registered }),
  };
  let checked = 0;
  const sessions = {
    check: async () => {
      checked += 1;
    },
  } as unknown as SessionStore;
  const identity =
    shown === undefined ? {} : { clientCert: shown === null ? null : { clientCertPem: shown } };
  const request = passing('Patient.read', {
    headers: { Authorization: 'Bearer a.b.c' },
    requestContext: { identity },
  });
  const middleware = authenticate({ verify: async () => verified }, sessions);
  const outcome = await runHook(middleware, 'before', request).then(
    () => 'passed',
    (error: { code: string; policy: string }) => `${error.code} ${error.policy}`,
  );
  return { outcome, checked, actor: request.context.chain.principal?.subject };
};
const refused = 'unauthenticated client.certificate';

test('a client passes with the certificate that it registered', async () => {
  expect(await ask(own.thumbprint, own.pem)).toMatchObject({ outcome: 'passed', checked: 1 });
});

test.each([undefined, null])('a client without a registered certificate passes without one', async (none) => {
  expect(await ask(undefined, none)).toMatchObject({ outcome: 'passed', checked: 1 });
});

describe('a token is refused', () => {
  test.each<[string, () => string | undefined, () => string | null | undefined]>([
    ['without the certificate, as on the ordinary domain', () => own.thumbprint, () => undefined],
    ['with none, as API Gateway may say it', () => own.thumbprint, () => null],
    ['with another certificate of the truststore', () => own.thumbprint, () => another.pem],
    ['with its certificate after that has expired', () => expired.thumbprint, () => expired.pem],
    ['with its certificate before that is valid', () => future.thumbprint, () => future.pem],
    ['with a certificate that the client has not registered', () => undefined, () => own.pem],
    ['with what is no certificate', () => own.thumbprint, () => 'x'],
    ['with what is no certificate, by a client without one', () => undefined, () => 'x'],
  ])('%s', async (_how, registered, shown) => {
    const { outcome, checked, actor } = await ask(registered(), shown());
    expect(outcome).toBe(refused);
    expect(checked).toBe(0);
    expect(actor).toBeDefined();
  });
});
