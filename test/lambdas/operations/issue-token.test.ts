import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import type { DirectoryPrincipal, DirectoryTenant } from '../../../lambdas/domain/directory-entry.ts';
import { issueToken } from '../../../lambdas/operations/issue-token.ts';
import { scopesOf } from '../../../model/derive/operations.ts';

const subject = '3f1e4c1a-7a52-4d7e-9a55-0c3f5f0e9b11';
const provider: DirectoryPrincipal = {
  subject,
  tenant: 'tenant000001',
  role: 'provider',
  roleVersion: 1,
  status: 'active',
  mfaEnrolledAt: '2026-11-22T10:00:00.000Z',
  factor: 'totp',
  evidenceClient: 'facade',
};
const clinic: DirectoryTenant = { tenant: 'tenant000001', name: 'Clinic', status: 'active' };

const issue = (
  principal: DirectoryPrincipal | undefined,
  {
    tenant = clinic,
    ...change
  }: { tenant?: DirectoryTenant | undefined; scopes?: string[]; triggerSource?: string } = {},
) => {
  const trigger = issueToken({
    directory: {
      principal: async (id) => (id === subject ? principal : undefined),
      tenant: async () => tenant,
    },
    administrativeFactor: 'totp',
  });
  const event = {
    version: '2',
    triggerSource: change.triggerSource ?? 'TokenGeneration_Authentication',
    userName: subject,
    callerContext: { awsSdkVersion: '3', clientId: 'facade' },
    request: {
      userAttributes: { sub: subject, email: 'jose@example.org' },
      groupConfiguration: {},
      scopes: change.scopes ?? ['aws.cognito.signin.user.admin'],
      clientMetadata: { tenant: 'tenant999999', role: 'admin' },
    },
    response: { claimsAndScopeOverrideDetails: null },
  } as unknown as PreTokenGenerationV2TriggerEvent;
  return trigger(event);
};

const accessToken = async (...args: Parameters<typeof issue>) =>
  (await issue(...args)).response.claimsAndScopeOverrideDetails?.accessTokenGeneration;

test('the token gets what the directory says, and not what the client sends', async () => {
  expect(await accessToken(provider)).toEqual({
    claimsToAddOrOverride: { tenant: 'tenant000001', role: 'provider', role_version: '1' },
    scopesToAdd: [...scopesOf('provider')],
    scopesToSuppress: ['aws.cognito.signin.user.admin'],
  });
});

test('it gets the same when asked twice', async () => {
  expect(await accessToken(provider)).toEqual(await accessToken(provider));
});

test('before enrolment there is no scope for health information', async () => {
  const { mfaEnrolledAt: _at, factor: _factor, evidenceClient: _client, ...newcomer } = provider;
  expect((await accessToken(newcomer))?.scopesToAdd).toEqual(['identity/session']);
});

test('scopes that an OAuth client asked for in vain are taken away', async () => {
  const scopes = ['openid', 'user/Patient.r', 'identity/users.create'];
  const given = await accessToken(provider, { scopes, triggerSource: 'TokenGeneration_HostedAuth' });
  expect(given?.scopesToAdd).toEqual(['user/Patient.r']);
  expect(given?.scopesToSuppress).toEqual(['aws.cognito.signin.user.admin', 'identity/users.create']);
});

describe('no token is issued', () => {
  test.each([
    ['to someone unknown', undefined, {}],
    ['to someone suspended', { ...provider, status: 'suspended' }, {}],
    ['in a suspended tenant', provider, { tenant: { ...clinic, status: 'suspended' } }],
    ['to a patient without a record', { ...provider, role: 'patient' }, {}],
    ['to staff with a record', { ...provider, patient: 'A'.repeat(26) }, {}],
  ] as const)('%s', async (_case, principal, change) => {
    await expect(issue(principal, change)).rejects.toThrow('No token for this account.');
  });

  test('when the directory cannot be read', async () => {
    const trigger = issueToken({
      directory: {
        principal: async () => {
          throw new Error('down');
        },
        tenant: async () => clinic,
      },
      administrativeFactor: 'passkey',
    });
    const event = {
      request: { userAttributes: { sub: subject } },
    } as unknown as PreTokenGenerationV2TriggerEvent;
    await expect(trigger(event)).rejects.toThrow();
  });
});

test('a factor that is none stops the function at its start', () => {
  const directory = { principal: async () => undefined, tenant: async () => undefined };
  expect(() => issueToken({ directory, administrativeFactor: 'sms' })).toThrow(TypeError);
});
