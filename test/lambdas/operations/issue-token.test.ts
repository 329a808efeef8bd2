import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import type {
  DirectoryClient,
  DirectoryConsent,
  DirectoryPrincipal,
  DirectoryTenant,
} from '../../../lambdas/domain/directory-entry.ts';
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
  trainedOn: '2026-11-20',
};
const clinic: DirectoryTenant = { tenant: 'tenant000001', name: 'Clinic', status: 'active' };

const issue = (
  principal: DirectoryPrincipal | undefined,
  {
    tenant = clinic,
    client,
    consent,
    clientId = 'facade',
    evidence = 'handle',
    ...change
  }: {
    tenant?: DirectoryTenant | undefined;
    client?: DirectoryClient;
    consent?: DirectoryConsent;
    clientId?: string;
    evidence?: string;
    scopes?: string[];
    triggerSource?: string;
  } = {},
) => {
  const trigger = issueToken({
    directory: {
      principal: async (id) => (id === subject ? principal : undefined),
      tenant: async () => tenant,
      client: async (id) => (id === client?.client ? client : undefined),
      consent: async (...wanted) => (wanted.join() === `${subject},${clientId}` ? consent : undefined),
    },
    evidence: {
      factor: async (...wanted) => (wanted.slice(0, 2).join() === `handle,${subject}` ? 'totp' : undefined),
    },
    clock: () => new Date('2026-11-22T12:00:00.000Z'),
    administrativeFactor: 'totp',
  });
  const event = {
    version: '2',
    triggerSource: change.triggerSource ?? 'TokenGeneration_Authentication',
    userName: subject,
    callerContext: { awsSdkVersion: '3', clientId },
    request: {
      userAttributes: { sub: subject, email: 'jose@example.org' },
      groupConfiguration: {},
      scopes: change.scopes ?? ['aws.cognito.signin.user.admin'],
      clientMetadata: { tenant: 'tenant999999', role: 'admin', evidence },
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
  const { mfaEnrolledAt: _at, ...newcomer } = provider;
  expect((await accessToken(newcomer))?.scopesToAdd).toEqual(['identity/session']);
});

test('nor without the façade’s evidence', async () => {
  const given = await accessToken(provider, { evidence: 'guessed' });
  expect(given?.scopesToAdd).toEqual(['identity/session']);
});

const app: DirectoryClient = {
  client: 'app0000000001',
  tenant: 'tenant000001',
  name: 'Portal',
  kind: 'public',
  status: 'active',
  scopes: ['user/Patient.r', 'user/Vital.r'],
};
const machine: DirectoryClient = { ...app, client: 'machine000001', kind: 'machine' };

test('scopes that an OAuth client asked for in vain are taken away', async () => {
  const scopes = ['openid', 'user/Patient.r', 'identity/users.create'];
  const given = await accessToken(provider, {
    scopes,
    triggerSource: 'TokenGeneration_HostedAuth',
    client: app,
    clientId: app.client,
    consent: { subject, client: app.client, scopes: ['user/Patient.r'], grantedAt: '' },
  });
  expect(given?.scopesToAdd).toEqual(['user/Patient.r']);
  expect(given?.scopesToSuppress).toEqual(['aws.cognito.signin.user.admin', 'identity/users.create']);
});

describe('no token is issued', () => {
  test.each([
    ['to someone unknown', undefined, {}],
    ['to someone suspended', { ...provider, status: 'suspended' }, {}],
    ['after a removal', { ...provider, status: 'removed' }, {}],
    ['when the grant has expired', { ...provider, grantExpiresAt: '2026-11-22T12:00:00.000Z' }, {}],
    [
      'to an application of another tenant',
      provider,
      { client: { ...app, tenant: 'tenant000002' }, clientId: app.client },
    ],
    [
      'to an application that was removed',
      provider,
      { client: { ...app, status: 'removed' }, clientId: app.client },
    ],
    ['to a person through a machine', provider, { client: machine, clientId: machine.client }],
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
        client: async () => undefined,
        consent: async () => undefined,
      },
      evidence: { factor: async () => 'totp' },
      administrativeFactor: 'passkey',
    });
    const event = {
      request: { userAttributes: { sub: subject } },
    } as unknown as PreTokenGenerationV2TriggerEvent;
    await expect(trigger(event)).rejects.toThrow();
  });
});

test('a factor that is none stops the function at its start', () => {
  const none = async () => undefined;
  const directory = { principal: none, tenant: none, client: none, consent: none };
  const ports = { directory, evidence: { factor: none }, administrativeFactor: 'sms' };
  expect(() => issueToken(ports)).toThrow(TypeError);
});
