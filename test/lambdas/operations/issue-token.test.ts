import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../lambdas/domain/audit-entry.ts';
import type {
  DirectoryClient,
  DirectoryConsent,
  DirectoryPrincipal,
  DirectoryTenant,
} from '../../../lambdas/domain/directory-entry.ts';
import { issueToken } from '../../../lambdas/operations/issue-token.ts';
import type { AuditLog } from '../../../lambdas/ports/audit-log.ts';
import type { LogLine } from '../../../lambdas/ports/log.ts';
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

/** What the trigger has written into the trail. */
let trail: AuditEntry[] = [];
/** What it has logged. */
let lines: LogLine[] = [];
beforeEach(() => {
  trail = [];
  lines = [];
});
const log = {
  failure: (line: LogLine) => {
    lines.push(line);
  },
};
const auditLog: AuditLog = {
  mark: () => ({ writer: 'A'.repeat(26), writerCounter: 7 }),
  write: async (entry) => {
    trail.push(entry);
  },
};
const context = { awsRequestId: '00000000-0000-4000-8000-000000000001' };

const issue = (
  principal: DirectoryPrincipal | undefined,
  {
    tenant = clinic,
    client,
    consent,
    clientId = 'facade',
    evidence = 'handle',
    audit = auditLog,
    ...change
  }: {
    tenant?: DirectoryTenant | undefined;
    client?: DirectoryClient;
    consent?: DirectoryConsent;
    clientId?: string;
    evidence?: string;
    audit?: AuditLog;
    scopes?: string[];
    triggerSource?: string;
  } = {},
) => {
  const trigger = issueToken({
    directory: {
      principal: async (id) => (id === (principal?.subject ?? subject) ? principal : undefined),
      tenant: async () => tenant,
      client: async (id) => (id === client?.client ? client : undefined),
      consent: async (...wanted) => (wanted.join() === `${subject},${clientId}` ? consent : undefined),
    },
    evidence: {
      factor: async (...wanted) => (wanted.slice(0, 2).join() === `handle,${subject}` ? 'totp' : undefined),
    },
    clock: () => new Date('2026-11-22T12:00:00.000Z'),
    auditLog: audit,
    log,
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
  return trigger(event, context);
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
  expect((await accessToken(newcomer, { evidence: 'none' }))?.scopesToAdd).toEqual(['identity/session']);
});

test('nor after a reset of factors, whatever the façade verified', async () => {
  const { mfaEnrolledAt: _at, ...person } = provider;
  const reset = { ...person, mustEnrolSince: '2026-11-22T11:00:00.000Z' };
  expect((await accessToken(reset))?.scopesToAdd).toEqual(['identity/session']);
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
  test('to whom the event does not name, whomever the directory gives', async () => {
    const trigger = issueToken({
      directory: {
        principal: async () => provider,
        tenant: async () => clinic,
        client: async () => undefined,
        consent: async () => undefined,
      },
      evidence: { factor: async () => 'totp' },
      auditLog,
      log,
      administrativeFactor: 'totp',
    });
    const event = {
      callerContext: { clientId: 'facade' },
      request: { userAttributes: {} },
    } as unknown as PreTokenGenerationV2TriggerEvent;
    await expect(trigger(event, context)).rejects.toThrow('No token for this account.');
  });

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
});

describe('of a service that failed', () => {
  const secret =
    'User: arn:aws:sts::000000000000:assumed-role/chartlock is not authorized on table/directory';
  const failure = Object.assign(new Error(secret), { name: 'AccessDeniedException', $metadata: {} });
  const failing = () => Promise.reject(failure);
  const working = {
    principal: async () => provider,
    tenant: async () => clinic,
    client: async () => app as DirectoryClient | undefined,
    consent: async () => consent as DirectoryConsent | undefined,
  };
  const issueWith = (
    directory: Partial<typeof working>,
    change: { evidence?: () => Promise<never>; auditLog?: AuditLog } = {},
  ) =>
    issueToken({
      directory: { ...working, ...directory },
      evidence: { factor: change.evidence ?? (async () => 'totp') },
      auditLog: change.auditLog ?? auditLog,
      log,
      administrativeFactor: 'passkey',
    })(
      {
        callerContext: { clientId: app.client },
        request: { userAttributes: { sub: subject }, scopes: ['user/Patient.r'] },
      } as unknown as PreTokenGenerationV2TriggerEvent,
      context,
    );
  const refusesWriting = { ...auditLog, write: failing };

  test.each([
    ['the client', () => issueWith({ client: failing }), 1, 0],
    ['the person', () => issueWith({ principal: failing }), 1, 0],
    ['the tenant', () => issueWith({ tenant: failing }), 1, 1],
    ['the consent', () => issueWith({ consent: failing }), 1, 1],
    ['what was verified', () => issueWith({ client: async () => undefined }, { evidence: failing }), 1, 0],
    ['the trail', () => issueWith({}, { auditLog: refusesWriting }), 2, 0],
    [
      'the trail of a refusal',
      () => issueWith({ consent: async () => undefined }, { auditLog: refusesWriting }),
      1,
      0,
    ],
  ] as const)('the client learns nothing, and the log where: %s', async (_what, issued, logged, entries) => {
    await expect(issued()).rejects.toThrow(/^No token for this account\.$/);
    const line = { requestId: context.awsRequestId, operation: 'token.issue', code: 'unavailable' };
    expect(lines).toHaveLength(logged);
    for (const written of lines)
      expect(written).toEqual({ ...line, error: 'AccessDeniedException', at: expect.any(Array) });
    expect(JSON.stringify([lines, trail])).not.toContain('arn:');
    expect(trail).toHaveLength(entries);
    for (const entry of trail)
      expect(entry).toMatchObject({ outcome: 'failure', status: 503, problem: 'unavailable' });
  });

  test('a refusal is nothing for the log', async () => {
    await expect(
      issueWith({ principal: async () => ({ ...provider, status: 'removed' }) }),
    ).rejects.toThrow();
    expect(lines).toEqual([]);
    expect(trail).toMatchObject([{ outcome: 'refused', status: 401 }]);
  });
});

test('a factor that is none stops the function at its start', () => {
  const none = async () => undefined;
  const directory = { principal: none, tenant: none, client: none, consent: none };
  const ports = { directory, evidence: { factor: none }, auditLog, log, administrativeFactor: 'sms' };
  expect(() => issueToken(ports)).toThrow(TypeError);
});

const ofMachine: DirectoryPrincipal = {
  subject: machine.client,
  tenant: machine.tenant,
  role: 'system',
  roleVersion: 2,
  status: 'active',
};
const interfaceOf = (change: Partial<DirectoryClient> = {}): DirectoryClient => ({
  ...machine,
  scopes: ['system/Vital.c', 'system/Patient.r'],
  ...change,
});
/** A client-credentials request of the machine. */
const byMachine = {
  client: interfaceOf(),
  clientId: machine.client,
  triggerSource: 'TokenGeneration_ClientCredentials',
  scopes: ['system/Vital.c'],
};
const consent: DirectoryConsent = { subject, client: app.client, scopes: app.scopes, grantedAt: '' };
const byApp = {
  client: app,
  clientId: app.client,
  consent,
  triggerSource: 'TokenGeneration_HostedAuth',
  scopes: ['user/Patient.r'],
};

describe('a machine', () => {
  test('gets what it asks for, of what it is registered for', async () => {
    expect(await accessToken(ofMachine, byMachine)).toEqual({
      claimsToAddOrOverride: { tenant: 'tenant000001', role: 'system', role_version: '2' },
      scopesToAdd: ['system/Vital.c'],
      scopesToSuppress: ['aws.cognito.signin.user.admin'],
    });
  });

  test.each([
    ['of no machine', ['system/Vital.u']],
    ['that it is not registered for', ['system/Patient.c']],
    ['of people', ['user/Patient.r']],
    ['of a session', ['identity/session']],
  ])('gets no token for a scope %s', async (_what, scopes) => {
    await expect(issue(ofMachine, { ...byMachine, scopes })).rejects.toThrow('No token');
    const given = await accessToken(ofMachine, { ...byMachine, scopes: [...scopes, 'system/Vital.c'] });
    expect(given?.scopesToAdd).toEqual(['system/Vital.c']);
    expect(given?.scopesToSuppress).toEqual(['aws.cognito.signin.user.admin', ...scopes]);
  });

  test.each([
    ['its registration was removed', ofMachine, { client: interfaceOf({ status: 'removed' }) }],
    [
      'it is of another tenant than its registration',
      ofMachine,
      { client: interfaceOf({ tenant: 'tenant000002' }) },
    ],
    ['it is suspended', { ...ofMachine, status: 'suspended' }, {}],
    ['nobody attested its grant', { ...ofMachine, grantExpiresAt: '2026-11-22T12:00:00.000Z' }, {}],
    ['it is no principal', undefined, {}],
    ['it asks through an application', ofMachine, { client: { ...app, client: machine.client } }],
    ['it is not registered', ofMachine, { client: app }],
    ['its role is a person’s', { ...ofMachine, role: 'admin' }, {}],
  ] as const)('gets no token when %s', async (_case, principal, change) => {
    const asked = {
      ...byMachine,
      ...change,
      scopes: ['system/Vital.c', 'user/Patient.r', 'identity/session'],
    };
    const outcome = await issue(principal, asked).then(
      ({ response }) => response.claimsAndScopeOverrideDetails?.accessTokenGeneration?.scopesToAdd,
      () => 'no token',
    );
    expect(['no token', []]).toContainEqual(outcome);
  });
});

describe('an application', () => {
  test('gets nothing without consent', async () => {
    const { consent: _none, ...without } = byApp;
    await expect(issue(provider, without)).rejects.toThrow('No token');
  });

  test.each(['admin', 'compliance'] as const)('gets nothing of %s', async (role) => {
    await expect(issue({ ...provider, role }, byApp)).rejects.toThrow('No token');
  });

  test('gets nothing of somebody who has not enrolled a second factor', async () => {
    const { mfaEnrolledAt: _at, ...newcomer } = provider;
    await expect(issue(newcomer, byApp)).rejects.toThrow('No token');
  });

  test('gets nothing that only the façade gives, whatever evidence there is', async () => {
    const given = await accessToken(provider, { ...byApp, scopes: ['user/Patient.r', 'identity/session'] });
    expect(given?.scopesToAdd).toEqual(['user/Patient.r']);
  });
});

describe('the trail', () => {
  test('tells of a token of an application', async () => {
    await issue(provider, byApp);
    expect(trail).toMatchObject([
      {
        type: 'TOKEN_ISSUED',
        outcome: 'success',
        status: 200,
        tenant: 'tenant000001',
        operation: 'token.issue',
        actor: subject,
        role: 'provider',
        client: app.client,
        scopes: ['user/Patient.r'],
        policy: 'token.application',
        requestId: context.awsRequestId,
        writerCounter: 7,
      },
    ]);
  });

  test('tells of a token of a machine', async () => {
    await issue(ofMachine, byMachine);
    expect(trail).toMatchObject([
      { type: 'TOKEN_ISSUED', actor: machine.client, role: 'system', policy: 'token.machine' },
    ]);
  });

  test('tells of a refusal, in the tenant of the client, and names nobody of another one', async () => {
    await expect(issue({ ...provider, tenant: 'tenant000002' }, byApp)).rejects.toThrow('No token');
    expect(trail).toMatchObject([
      {
        type: 'AUTHENTICATION_FAILURE',
        outcome: 'refused',
        status: 401,
        problem: 'unauthenticated',
        tenant: 'tenant000001',
        policy: 'token.client',
      },
    ]);
    expect(trail[0]).not.toHaveProperty('actor');
    expect(trail[0]).not.toHaveProperty('scopes');
  });

  test('has no second entry of a sign-in at the façade, whose own tells of it', async () => {
    await issue(provider);
    await expect(issue({ ...provider, status: 'suspended' })).rejects.toThrow('No token');
    expect(trail).toEqual([]);
  });

  test('is needed: without the entry there is no token', async () => {
    const audit = { ...auditLog, write: () => Promise.reject(new Error('down')) };
    await expect(issue(provider, { ...byApp, audit })).rejects.toThrow('No token');
    await expect(issue(ofMachine, { ...byMachine, audit })).rejects.toThrow('No token');
    await expect(issue(undefined, { ...byMachine, audit })).rejects.toThrow('No token');
    expect(lines).toHaveLength(5);
  });
});
