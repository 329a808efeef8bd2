import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { decodeJwt } from 'jose';
import * as oauth from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { patient as patientResource } from '../../model/resources/patient.ts';
import { vital as vitalResource } from '../../model/resources/vital.ts';
import { auditEntries } from './audit-trail.ts';
import { type Answer, expectProblem, expectStatus } from './client.ts';
import { type Clinic, openClinic, output, type Person } from './clinic.ts';
import { renewFunction } from './cloud.ts';
import { markedRecord } from './marked-record.ts';
import {
  authorization,
  configurationOf,
  openPage,
  type RegisteredClient,
  redirectUri,
  signInAtPage,
  submitPage,
  tokensOf,
} from './oauth-client.ts';

const identity = '/identity/v1';
const patients = '/clinical/v1/patients';
const vitals = '/clinical/v1/vitals';

let clinic: Clinic;
let provider: Person;
let clinical: string;
/** A patient of the provider's. */
let patient: string;

beforeAll(async () => {
  clinic = await openClinic(inject('runtime'));
  provider = await clinic.join('provider');
  clinical = output(clinic.runtime, 'clinical-api', 'FunctionName');
  const { record } = markedRecord(patientResource);
  const created = await provider.send({ method: 'POST', path: patients, body: record });
  patient = String(expectStatus(created, 201).body.id);
}, 60_000);
afterAll(() => renewFunction(clinic.cloud, clinical));

const newApp = async (change: object = {}): Promise<RegisteredClient> => {
  const body = {
    name: 'Portal',
    kind: 'public',
    redirectUris: [redirectUri],
    scopes: ['user/Patient.r', 'user/Vital.s'],
    ...change,
  };
  const created = await clinic.admin.send({ method: 'POST', path: `${identity}/apps`, body });
  await clinic.audited(created, 'CONFIGURATION_CHANGE');
  return expectStatus(created, 201).body as unknown as RegisteredClient;
};
const newMachine = async (change: object = {}): Promise<Required<RegisteredClient>> => {
  const body = {
    name: 'Laboratory',
    scopes: ['system/Patient.c', 'system/Patient.r', 'system/Vital.c'],
    ...change,
  };
  const created = await clinic.admin.send({ method: 'POST', path: `${identity}/machines`, body });
  await clinic.audited(created, 'PRIVILEGE_CHANGE');
  return expectStatus(created, 201).body as unknown as Required<RegisteredClient>;
};
const consent = async (
  app: RegisteredClient,
  scopes: readonly string[],
  person = provider,
): Promise<void> => {
  const path = `${identity}/consents/${app.id}`;
  await clinic.audited(
    expectStatus(await person.send({ method: 'PUT', path, body: { scopes } }), 204),
    'PRIVILEGE_CHANGE',
  );
};
const call = (token: string, path: string, body?: unknown): Promise<Answer> =>
  clinic.send({ token, path, ...(body !== undefined && { method: 'POST', body }) });
/** The entries that tell of a client's tokens. */
const issued = async (client: string) =>
  (await auditEntries(clinic.cloud, clinic.trail)).filter(
    (entry) => entry.operation === 'token.issue' && entry.client === client,
  );
/** What the token endpoint says of a refused grant. */
const refusal = async (grant: Promise<unknown>): Promise<string> =>
  grant.then(
    () => 'granted',
    (error: { error?: string; code?: string }) => error.error ?? error.code ?? String(error),
  );

describe('an application, by authorization code and PKCE with an off-the-shelf client', () => {
  test.each(['public', 'confidential'] as const)(
    'that is %s gets what it asks for, the person consents to and the registration allows',
    async (kind) => {
      const app = await newApp({ kind });
      await consent(app, ['user/Patient.r']);
      const configuration = configurationOf(clinic, app);
      const tokens = await tokensOf(clinic, configuration, provider, 'user/Patient.r user/Vital.s');
      const claims = decodeJwt(tokens.access_token);
      expect(claims).toMatchObject({
        client_id: app.id,
        sub: provider.subject,
        tenant: clinic.tenant,
        role: 'provider',
        scope: 'user/Patient.r',
      });
      expect(Number(claims.exp) - Number(claims.iat)).toBeLessThanOrEqual(900);
      expect(tokens.id_token).toBeUndefined();
      const read = expectStatus(await call(tokens.access_token, `${patients}/${patient}`), 200);
      expect(await clinic.audited(read, 'PHI_ACCESS')).toMatchObject({
        client: app.id,
        actor: provider.subject,
        scopes: ['user/Patient.r'],
      });
      const search = await call(tokens.access_token, `${vitals}/_search`, { where: { patient } });
      expect([401, 403]).toContain(search.status);
      const entries = await issued(app.id);
      expect(entries.length).toBeGreaterThan(0);
      for (const entry of entries)
        expect(entry).toMatchObject({
          type: 'TOKEN_ISSUED',
          actor: provider.subject,
          policy: 'token.application',
        });
    },
    60_000,
  );

  test('goes on with its refresh token', async () => {
    const app = await newApp();
    await consent(app, ['user/Patient.r']);
    const configuration = configurationOf(clinic, app);
    const first = await tokensOf(clinic, configuration, provider, 'user/Patient.r');
    expectStatus(await call(first.access_token, `${patients}/${patient}`), 200);
    const next = await oauth.refreshTokenGrant(configuration, first.refresh_token ?? '');
    expect(next.access_token).not.toBe(first.access_token);
    expectStatus(await call(next.access_token, `${patients}/${patient}`), 200);
  }, 60_000);

  test('gets no token with another proof key, twice with one code, or for another client', async () => {
    const app = await newApp();
    const other = configurationOf(clinic, await newApp());
    await consent(app, ['user/Patient.r']);
    const configuration = configurationOf(clinic, app);
    const began = await authorization(configuration, 'user/Patient.r');
    const callback = await signInAtPage(clinic, began, provider);
    const right = { pkceCodeVerifier: began.verifier, expectedState: began.state };
    const wrong = { ...right, pkceCodeVerifier: oauth.randomPKCECodeVerifier() };
    expect(await refusal(oauth.authorizationCodeGrant(configuration, callback, wrong))).toBe('invalid_grant');
    expect(await refusal(oauth.authorizationCodeGrant(other, callback, right))).toBe('invalid_grant');
    expect(await refusal(oauth.authorizationCodeGrant(configuration, callback, right))).toBe('granted');
    expect(await refusal(oauth.authorizationCodeGrant(configuration, callback, right))).toBe('invalid_grant');
  }, 60_000);

  test('is sent back nowhere but where it is registered, and for no scope beyond', async () => {
    const app = await newApp();
    const configuration = configurationOf(clinic, app);
    const elsewhere = await authorization(configuration, 'user/Patient.r', {
      redirect_uri: `${redirectUri}/elsewhere`,
    });
    const refused = await openPage(clinic.send, elsewhere);
    expect([refused.status, refused.headers.location]).toEqual([400, undefined]);
    for (const scope of [
      'user/Patient.c',
      'system/Patient.r',
      'identity/session',
      'aws.cognito.signin.user.admin',
    ]) {
      const answer = await openPage(clinic.send, await authorization(configuration, scope));
      const location = new URL(String(answer.headers.location));
      expect(`${location.origin}${location.pathname}`).toBe(redirectUri);
      expect(location.searchParams.get('error_description')).toBe('invalid_scope');
    }
    const implicit = await authorization(configuration, 'user/Patient.r', { response_type: 'token' });
    expect((await openPage(clinic.send, implicit)).status).toBe(400);
  });

  test('gets no code from a password alone', async () => {
    const configuration = configurationOf(clinic, await newApp());
    const page = await openPage(clinic.send, await authorization(configuration, 'user/Patient.r'));
    const { email, password } = provider.credentials;
    for (const totp of ['', '000000']) {
      const answer = await submitPage(clinic.send, page, { username: email, password, totp });
      expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
    }
  });

  test('gets no token without consent, and none of an administrator', async () => {
    const app = await newApp();
    const configuration = configurationOf(clinic, app);
    expect(await refusal(tokensOf(clinic, configuration, provider, 'user/Patient.r'))).not.toBe('granted');
    await consent(app, ['user/Patient.r'], clinic.admin);
    expect(await refusal(tokensOf(clinic, configuration, clinic.admin, 'user/Patient.r'))).not.toBe(
      'granted',
    );
    const entries = await issued(app.id);
    expect(entries.map(({ actor }) => actor)).toEqual(
      expect.arrayContaining([provider.subject, clinic.admin.subject]),
    );
    for (const entry of entries)
      expect(entry).toMatchObject({ type: 'AUTHENTICATION_FAILURE', policy: 'token.scopes' });
  }, 60_000);

  test('of another tenant gets nothing of a person', async () => {
    const elsewhere = await openClinic(inject('runtime'));
    const stranger = await elsewhere.join('provider');
    const app = await newApp();
    const put = await stranger.send({
      method: 'PUT',
      path: `${identity}/consents/${app.id}`,
      body: { scopes: ['user/Patient.r'] },
    });
    await elsewhere.audited(expectProblem(put, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT');
    const grant = tokensOf(clinic, configurationOf(clinic, app), stranger, 'user/Patient.r');
    expect(await refusal(grant)).not.toBe('granted');
  }, 60_000);

  test('is refused at once when the person takes the consent back, and only it', async () => {
    const [app, other] = [await newApp(), await newApp()];
    const tokens: Record<string, Awaited<ReturnType<typeof tokensOf>>> = {};
    for (const client of [app, other]) {
      await consent(client, ['user/Patient.r']);
      tokens[client.id] = await tokensOf(clinic, configurationOf(clinic, client), provider, 'user/Patient.r');
      expectStatus(await call(tokens[client.id]?.access_token ?? '', `${patients}/${patient}`), 200);
    }
    const withdrawn = await provider.send({ method: 'DELETE', path: `${identity}/consents/${app.id}` });
    await clinic.audited(expectStatus(withdrawn, 204), 'PRIVILEGE_CHANGE');
    const refused = await call(tokens[app.id]?.access_token ?? '', `${patients}/${patient}`);
    await clinic.audited(expectProblem(refused, 'unauthenticated'), 'AUTHENTICATION_FAILURE');
    const renewal = oauth.refreshTokenGrant(
      configurationOf(clinic, app),
      tokens[app.id]?.refresh_token ?? '',
    );
    expect(await refusal(renewal)).not.toBe('granted');
    expectStatus(await call(tokens[other.id]?.access_token ?? '', `${patients}/${patient}`), 200);
    expectStatus(await provider.send({ path: `${patients}/${patient}` }), 200);
  }, 60_000);

  test('that is removed gets nothing more, and its tokens are refused once the registration is read again', async () => {
    const app = await newApp();
    await consent(app, ['user/Patient.r']);
    const configuration = configurationOf(clinic, app);
    const tokens = await tokensOf(clinic, configuration, provider, 'user/Patient.r');
    expectStatus(await call(tokens.access_token, `${patients}/${patient}`), 200);
    const removed = await clinic.admin.send({ method: 'DELETE', path: `${identity}/apps/${app.id}` });
    await clinic.audited(expectStatus(removed, 204), 'CONFIGURATION_CHANGE');
    // A function that has read it remembers it for thirty seconds; a new one has not.
    await renewFunction(clinic.cloud, clinical);
    const refused = await call(tokens.access_token, `${patients}/${patient}`);
    const entry = await clinic.audited(expectProblem(refused, 'unauthenticated'), 'AUTHENTICATION_FAILURE');
    expect(entry.policy).toBe('token.client');
    const renewal = oauth.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(await refusal(renewal)).not.toBe('granted');
  }, 60_000);
});

describe('a machine, by client credentials with an off-the-shelf client', () => {
  const grant = (machine: RegisteredClient, scope: string) =>
    oauth.clientCredentialsGrant(configurationOf(clinic, machine), { scope });

  test('does what it is registered for, in its tenant', async () => {
    const machine = await newMachine();
    const { access_token: token } = await grant(machine, 'system/Patient.c system/Patient.r system/Vital.c');
    expect(decodeJwt(token)).toMatchObject({
      sub: machine.id,
      client_id: machine.id,
      role: 'system',
      tenant: clinic.tenant,
    });
    expect(decodeJwt(token)).not.toHaveProperty('origin_jti');
    const { record } = markedRecord(patientResource);
    const { ssn: _ssn, ...body } = record;
    const created = expectStatus(await call(token, patients, body), 201);
    expect(await clinic.audited(created, 'PHI_MODIFICATION')).toMatchObject({
      actor: machine.id,
      role: 'system',
      purpose: 'HOPERAT',
      scopes: ['system/Patient.c'],
      policy: 'Patient.system.HOPERAT.create',
    });
    const id = String(created.body.id);
    expectStatus(await call(token, `${patients}/${id}?fields=id,name,mrn`), 200);
    expectStatus(await call(token, vitals, { ...vitalResource.example, patient: id }), 201);
    const asked = await call(token, `${patients}/${id}?fields=ssn`);
    await clinic.audited(expectProblem(asked, 'field-not-permitted'), 'AUTHORIZATION_DENIED');
    expect(await issued(machine.id)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'TOKEN_ISSUED', actor: machine.id, policy: 'token.machine' }),
      ]),
    );
  }, 60_000);

  test.each([
    'system/Vital.s',
    'system/CareTeamAssignment.r',
    'user/Patient.r',
    'identity/session',
    'identity/users.create',
    'openid',
  ])('gets no token for %s, which it is not registered for', async (scope) => {
    expect(await refusal(grant(await newMachine(), scope))).not.toBe('granted');
  });

  test('reaches nothing of another tenant, and no operation of people', async () => {
    const { access_token: token } = await grant(await newMachine(), 'system/Patient.r system/Vital.c');
    const elsewhere = await openClinic(inject('runtime'));
    const doctor = await elsewhere.join('provider');
    const { record } = markedRecord(patientResource);
    const made = await doctor.send({ method: 'POST', path: patients, body: record });
    const theirs = String(expectStatus(made, 201).body.id);
    const read = await call(token, `${patients}/${theirs}`);
    await clinic.audited(expectProblem(read, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT');
    const write = await call(token, vitals, { ...vitalResource.example, patient: theirs });
    await clinic.audited(expectProblem(write, 'not-found'), 'UNAUTHORIZED_ACCESS_ATTEMPT');
    for (const [method, path, body] of [
      ['POST', `${identity}/auth/logout`, undefined],
      ['POST', `${identity}/sessions/_search`, {}],
      ['DELETE', `${identity}/sessions`, undefined],
      ['POST', `${identity}/machines`, { name: 'Another', scopes: ['system/Patient.r'] }],
      ['GET', '/clinical/v1/care-team-assignments/x', undefined],
      ['PUT', `${identity}/consents/aaaaaaaaaaaaaaaaaaaaaaaaaa`, { scopes: ['user/Patient.r'] }],
    ] as const) {
      const { status } = await clinic.send({ method, path, token, ...(body && { body }) });
      expect([path, [401, 403].includes(status)]).toEqual([path, true]);
    }
  }, 60_000);

  test('has two secrets while they are rotated; the old one is good for nothing once it is retired', async () => {
    const machine = await newMachine();
    const path = `${identity}/machines/${machine.id}`;
    const rotated = await clinic.admin.send({ method: 'POST', path: `${path}/secrets` });
    const { secret, id } = expectStatus(rotated, 201).body as { secret: string; id: string };
    const renewed = { ...machine, secret };
    for (const each of [machine, renewed])
      expect(await refusal(grant(each, 'system/Vital.c'))).toBe('granted');
    expectProblem(await clinic.admin.send({ method: 'POST', path: `${path}/secrets` }), 'conflict');
    const read = expectStatus(await clinic.admin.send({ path }), 200);
    const [old] = (read.body.secrets as { id: string }[]).filter((each) => each.id !== id);
    const retired = await clinic.admin.send({ method: 'DELETE', path: `${path}/secrets/${old?.id}` });
    await clinic.audited(expectStatus(retired, 204), 'CONFIGURATION_CHANGE');
    expect(await refusal(grant(machine, 'system/Vital.c'))).toBe('invalid_client');
    expect(await refusal(grant(renewed, 'system/Vital.c'))).toBe('granted');
  }, 60_000);

  test('that is removed is refused on its next request, with an unexpired token', async () => {
    const machine = await newMachine();
    const { access_token: token } = await grant(machine, 'system/Patient.r');
    expectProblem(await call(token, `${patients}/${'0'.repeat(26)}`), 'not-found');
    const removed = await clinic.admin.send({ method: 'DELETE', path: `${identity}/machines/${machine.id}` });
    await clinic.audited(expectStatus(removed, 204), 'PRIVILEGE_CHANGE');
    const refused = await call(token, `${patients}/${'0'.repeat(26)}`);
    expectProblem(refused, 'unauthenticated');
    expect(await refusal(grant(machine, 'system/Patient.r'))).toBe('invalid_client');
  }, 60_000);

  test('with a registered certificate is refused at the domain that asks for none', async () => {
    const bound = await newMachine({ certificate: 'A'.repeat(43) });
    const { access_token: token } = await grant(bound, 'system/Patient.r');
    const refused = await call(token, `${patients}/${patient}`);
    const entry = await clinic.audited(expectProblem(refused, 'unauthenticated'), 'AUTHENTICATION_FAILURE');
    expect(entry).toMatchObject({ policy: 'client.certificate', actor: bound.id });
  });

  test('leaves its secret in no table', async () => {
    const machine = await newMachine();
    const { Items = [] } = await clinic.cloud.dynamodb.send(
      new QueryCommand({
        TableName: output(clinic.runtime, 'data', 'DirectoryTable'),
        KeyConditionExpression: 'pk = :client',
        ExpressionAttributeValues: { ':client': { S: `O#${machine.id}` } },
      }),
    );
    expect(Items).toHaveLength(1);
    expect(JSON.stringify(Items)).not.toContain(machine.secret);
  });
});
