import { describe, expect, test } from 'vitest';
import type { DirectoryPrincipal } from '../../../lambdas/domain/directory-entry.ts';
import { tokenClaims } from '../../../lambdas/domain/token-claims.ts';
import { scopesOf } from '../../../model/derive/operations.ts';
import { roles } from '../../../model/vocabulary.ts';

const principal: DirectoryPrincipal = {
  subject: 's',
  tenant: 'tenant000001',
  role: 'provider',
  roleVersion: 3,
  status: 'active',
  mfaEnrolledAt: '2026-11-22T10:00:00.000Z',
  factor: 'totp',
  evidenceClient: 'facade',
};
const facade = { client: 'facade', hosted: false, requested: [] };
const { mfaEnrolledAt: _enrolled, factor: _factor, evidenceClient: _client, ...newcomer } = principal;

test('the claims are the directory’s', () => {
  expect(tokenClaims(principal, facade, 'passkey').claims).toEqual({
    tenant: 'tenant000001',
    role: 'provider',
    role_version: '3',
  });
  const patient = 'A'.repeat(26);
  expect(tokenClaims({ ...principal, role: 'patient', patient }, facade, 'passkey').claims).toMatchObject({
    patient,
  });
});

describe('before a factor is enrolled', () => {
  test.each(roles)('%s gets the session’s scope alone', (role) => {
    expect(tokenClaims({ ...newcomer, role }, facade, 'totp').scopes).toEqual(['identity/session']);
  });
});

describe('afterwards', () => {
  test.each(['provider', 'nurse', 'billing', 'patient'] as const)('%s gets the role’s scopes', (role) => {
    expect(tokenClaims({ ...principal, role }, facade, 'passkey').scopes).toEqual(scopesOf(role));
    expect(tokenClaims({ ...principal, role }, facade, 'passkey').scopes).toContain('identity/session');
  });

  test.each(['admin', 'compliance', 'operator'] as const)(
    '%s gets them only by the factor that the stage demands',
    (role) => {
      const withTotp = { ...principal, role };
      const withPasskey = { ...withTotp, factor: 'passkey' } as const;
      expect(tokenClaims(withTotp, facade, 'passkey').scopes).toEqual(['identity/session']);
      expect(tokenClaims(withTotp, facade, 'totp').scopes).toEqual(scopesOf(role));
      expect(tokenClaims(withPasskey, facade, 'passkey').scopes).toEqual(scopesOf(role));
    },
  );

  test('an admin gets them only through the client that saw the factor, and never from the hosted pages', () => {
    const admin = { ...principal, role: 'admin' } as const;
    const requested = scopesOf('admin');
    expect(tokenClaims(admin, { ...facade, client: 'another' }, 'totp').scopes).toEqual(['identity/session']);
    expect(tokenClaims(admin, { client: 'facade', hosted: true, requested }, 'totp').scopes).toEqual([
      'identity/session',
    ]);
  });

  test('what an OAuth client asks for only narrows', () => {
    const asked = (requested: string[], hosted = true) =>
      tokenClaims(principal, { client: 'app', hosted, requested }, 'passkey').scopes;
    expect(asked(['user/Patient.r', 'identity/users.create', 'user/Everything.r'])).toEqual([
      'user/Patient.r',
    ]);
    expect(asked([])).toEqual([]);
    expect(asked(['user/Patient.r'], false)).toEqual(['user/Patient.r']);
  });
});
