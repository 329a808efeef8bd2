import { describe, expect, test } from 'vitest';
import type { DirectoryClient, DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import { type TokenRequest, tokenClaims } from '../../../lambdas/domain/token-claims.ts';
import { scopesOf } from '../../../model/derive/operations.ts';
import { roles } from '../../../model/vocabulary.ts';

const principal: DirectoryPrincipal = {
  subject: 's',
  tenant: 'tenant000001',
  role: 'provider',
  roleVersion: 3,
  status: 'active',
  mfaEnrolledAt: '2026-11-22T10:00:00.000Z',
  trainedOn: '2026-11-20',
};
const { mfaEnrolledAt: _enrolled, ...newcomer } = principal;
const now = new Date('2026-11-22T12:00:00.000Z');
const withTotp: TokenRequest = { through: 'façade', evidence: 'totp' };
const withPasskey: TokenRequest = { through: 'façade', evidence: 'passkey' };
const unproven: TokenRequest = { through: 'façade', evidence: undefined };
const client: DirectoryClient = {
  client: 'app0000000001',
  tenant: 'tenant000001',
  name: 'Portal',
  kind: 'public',
  status: 'active',
  scopes: ['user/Patient.r', 'user/Vital.s'],
};

test('the claims are the directory’s', () => {
  expect(tokenClaims(principal, withTotp, 'passkey', now).claims).toEqual({
    tenant: 'tenant000001',
    role: 'provider',
    role_version: '3',
  });
  const patient = 'A'.repeat(26);
  expect(
    tokenClaims({ ...principal, role: 'patient', patient }, withTotp, 'passkey', now).claims,
  ).toMatchObject({
    patient,
  });
});

describe('before a factor is enrolled', () => {
  test.each(roles.filter((role) => role !== 'system'))('%s gets the session’s scope alone', (role) => {
    expect(tokenClaims({ ...newcomer, role }, unproven, 'totp', now).scopes).toEqual(['identity/session']);
  });
  test('what the façade has verified counts as enrolled, though nothing recorded it yet', () => {
    expect(tokenClaims(newcomer, withTotp, 'totp', now).scopes).toEqual(scopesOf('provider'));
  });
});

describe('after a reset of factors', () => {
  const mustEnrolSince = '2026-11-22T11:00:00.000Z';
  test.each(roles.filter((role) => role !== 'system'))(
    '%s gets the session’s scope alone, whatever was verified',
    (role) => {
      for (const request of [withTotp, withPasskey])
        expect(tokenClaims({ ...newcomer, mustEnrolSince, role }, request, 'totp', now).scopes).toEqual([
          'identity/session',
        ]);
    },
  );
});

test('a machine gets nothing at the façade, and a person nothing as a machine', () => {
  for (const request of [unproven, withTotp, withPasskey])
    expect(tokenClaims({ ...principal, role: 'system' }, request, 'totp', now).scopes).toEqual([]);
  const scopes = ['system/Patient.r', 'user/Patient.r', 'identity/session'];
  const asMachine: TokenRequest = { through: 'machine', client: { ...client, scopes }, requested: scopes };
  expect(tokenClaims(principal, asMachine, 'totp', now).scopes).toEqual([]);
  expect(tokenClaims({ ...principal, role: 'system' }, asMachine, 'totp', now).scopes).toEqual([
    'system/Patient.r',
  ]);
});

describe('afterwards', () => {
  test.each(['provider', 'nurse', 'billing', 'patient'] as const)('%s gets the role’s scopes', (role) => {
    expect(tokenClaims({ ...principal, role }, withTotp, 'passkey', now).scopes).toEqual(scopesOf(role));
    expect(tokenClaims({ ...principal, role }, withTotp, 'passkey', now).scopes).toContain(
      'identity/session',
    );
  });

  test.each(roles.filter((role) => role !== 'system'))(
    '%s gets the session’s scope alone when the façade verified no factor',
    (role) => {
      expect(tokenClaims({ ...principal, role }, unproven, 'totp', now).scopes).toEqual(['identity/session']);
    },
  );

  test.each(['admin', 'compliance', 'operator'] as const)(
    '%s gets them only by the factor that the stage demands',
    (role) => {
      const privileged = { ...principal, role };
      expect(tokenClaims(privileged, withTotp, 'passkey', now).scopes).toEqual(['identity/session']);
      expect(tokenClaims(privileged, withTotp, 'totp', now).scopes).toEqual(scopesOf(role));
      expect(tokenClaims(privileged, withPasskey, 'passkey', now).scopes).toEqual(scopesOf(role));
    },
  );
});

describe('without a training of the last year', () => {
  const { trainedOn: _day, ...untrained } = principal;
  const late = new Date('2027-11-22T12:00:00.000Z');

  test.each(['admin', 'provider', 'nurse', 'billing'] as const)(
    '%s gets the session’s scope alone',
    (role) => {
      expect(tokenClaims({ ...untrained, role }, withPasskey, 'totp', now).scopes).toEqual([
        'identity/session',
      ]);
      expect(tokenClaims({ ...principal, role }, withPasskey, 'totp', late).scopes).toEqual([
        'identity/session',
      ]);
    },
  );
  test.each(['patient', 'compliance', 'operator'] as const)('%s gets the role’s scopes', (role) => {
    expect(tokenClaims({ ...untrained, role }, withPasskey, 'totp', now).scopes).toEqual(scopesOf(role));
  });
});

describe('an application', () => {
  const asked = (
    requested: readonly string[],
    consented: readonly string[] | undefined = requested,
    person: DirectoryPrincipal = principal,
  ) =>
    tokenClaims(
      person,
      {
        through: 'application',
        client,
        requested,
        consent: consented && { subject: 's', client: client.client, scopes: consented, grantedAt: '' },
      },
      'totp',
      now,
    ).scopes;

  test('gets what it asked for, of what it is registered for', () => {
    expect(asked(['user/Patient.r', 'user/Vital.c', 'identity/session'])).toEqual(['user/Patient.r']);
    expect(asked([])).toEqual([]);
  });
  test('gets what the person consented to, and nothing without', () => {
    expect(asked(['user/Patient.r', 'user/Vital.s'], ['user/Vital.s'])).toEqual(['user/Vital.s']);
    const request = { through: 'application', client, consent: undefined, requested: client.scopes } as const;
    expect(tokenClaims(principal, request, 'totp', now).scopes).toEqual([]);
  });
  test.each(['admin', 'compliance', 'operator'] as const)('gets nothing for an %s', (role) => {
    expect(asked(['user/Patient.r'], ['user/Patient.r'], { ...principal, role })).toEqual([]);
  });
  test('gets nothing for whom no factor is enrolled', () => {
    expect(asked(['user/Patient.r'], ['user/Patient.r'], newcomer)).toEqual([]);
  });
  test('gets nothing for whose training is too old', () => {
    const untrained = { ...principal, trainedOn: '2025-11-20' };
    expect(asked(['user/Patient.r'], ['user/Patient.r'], untrained)).toEqual([]);
  });
});

test('a machine’s request never gives a person’s role anything', () => {
  const request = { through: 'machine', client, requested: client.scopes } as const;
  expect(tokenClaims(principal, request, 'totp', now).scopes).toEqual([]);
});
