import { randomUUID } from 'node:crypto';
import {
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import type {
  Context,
  PreTokenGenerationV2TriggerEvent,
  VerifyAuthChallengeResponseTriggerEvent,
} from 'aws-lambda';
import { decodeJwt, jwtVerify } from 'jose';
import { TOTP } from 'otpauth';
import { ApiError } from '../../lambdas/domain/api-error.ts';
import type { AuditEntry } from '../../lambdas/domain/audit-entry.ts';
import type { Factor } from '../../lambdas/domain/directory-entry.ts';
import type { Principal } from '../../lambdas/domain/principal.ts';
import { identityValidators } from '../../lambdas/generated/validators.js';
import type { ApiEvent } from '../../lambdas/middleware/chain.ts';
import { capabilityHandler } from '../../lambdas/operations/capability-handler.ts';
import { type CreatedTenant, createTenant } from '../../lambdas/operations/create-tenant.ts';
import { identityRuns } from '../../lambdas/operations/identity-runs.ts';
import { issueToken } from '../../lambdas/operations/issue-token.ts';
import { type ChallengeEvent, passkeyChallenge } from '../../lambdas/operations/passkey-challenge.ts';
import type { AccessTokens, VerifiedToken } from '../../lambdas/ports/access-tokens.ts';
import { type AuditLog, auditLog, auditPut } from '../../lambdas/ports/audit-log.ts';
import { type ChainEnvironment, chainPorts } from '../../lambdas/ports/chain-ports.ts';
import { identityPorts, type OwnIdentityPorts } from '../../lambdas/ports/identity-ports.ts';
import type { Log } from '../../lambdas/ports/log.ts';
import { createTenantKeys } from '../../lambdas/ports/tenant-keys.ts';
import { tokenKeys, tokenKeysUrl } from '../../lambdas/ports/token-keys.ts';
import { operations } from '../../model/derive/operations.ts';
import type { Role } from '../../model/vocabulary.ts';
import { today } from '../../scripts/local/create-tenant.ts';
import { emulatorAccount } from '../../scripts/local/emulator.ts';
import { startTestCloud, type TestCloud } from '../emulator.ts';

/** An answer, with its body parsed. */
export interface IdentityAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Record<string, string>;
}

/** How a request is sent. */
export interface IdentityAsk {
  /** @default POST */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly token?: string;
  /** Sent as `X-Step-Up-Proof`. */
  readonly proof?: string | undefined;
  readonly userAgent?: string;
  readonly sourceAddress?: string;
  readonly at?: Date;
}

/** What someone signs in with. */
export interface IdentityPerson {
  readonly email: string;
  readonly subject: string;
  readonly password: string;
  readonly totp: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scope: string;
}

/** The ports that a test can change. */
export type ChangeablePorts = OwnIdentityPorts & { readonly tokens: AccessTokens; readonly log: Log };

/** The identity function in this process, against a user pool in an emulator. */
export interface IdentityApi {
  readonly cloud: TestCloud;
  readonly ports: OwnIdentityPorts;
  readonly post: (path: string, body?: unknown, ask?: IdentityAsk) => Promise<IdentityAnswer>;
  /** The same function with a port of it changed. */
  readonly postWith: (
    change: (ports: ChangeablePorts) => Partial<ChangeablePorts>,
    environment?: Partial<ChainEnvironment>,
  ) => IdentityApi['post'];
  readonly newTenant: (
    input: unknown,
    change?: (
      ports: OwnIdentityPorts,
    ) => Partial<OwnIdentityPorts & { readonly createKeys: () => Promise<void> }>,
  ) => Promise<CreatedTenant>;
  readonly admin: IdentityPerson;
  readonly tenant: string;
  readonly enrol: (email: string, temporaryPassword: string) => Promise<IdentityPerson>;
  readonly join: (role: Role) => Promise<IdentityPerson>;
  /** Whether an access token's session is live. */
  readonly isAlive: (token: string) => Promise<boolean>;
  readonly entries: (requestId?: string) => Promise<AuditEntry[]>;
  readonly stop: () => Promise<void>;
}

const shownSteps = new Map<string, number[]>();
/** A code of a TOTP device that is valid now and was not given before, as far as there is one. */
export const codeOf = (secret: string): string => {
  const step = Math.floor(Date.now() / 30_000);
  const shown = shownSteps.get(secret) ?? [];
  const fresh = [step, step + 1, step - 1].find((one) => !shown.includes(one)) ?? step;
  shownSteps.set(secret, [...shown, fresh]);
  return new TOTP({ secret }).generate({ timestamp: fresh * 30_000 });
};
/** An e-mail address that nobody had before. */
export const newEmail = (): string => `synthetic-${randomUUID()}@staff.example`;

/** What API Gateway makes of a path: the template that it matches, and its parameters. */
const routed = (method: string, path: string): Pick<ApiEvent, 'resource' | 'pathParameters'> => {
  for (const operation of operations) {
    if (operation.capability !== 'identity' || operation.method !== method) continue;
    const pattern = operation.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (match) return { resource: operation.path, pathParameters: { ...match.groups } };
  }
  return { resource: path, pathParameters: null };
};

interface RememberingPorts extends OwnIdentityPorts {
  /** The handle of what was last recorded of a subject, which the emulated pool would hand to the trigger. */
  readonly evidenceOf: (subject: string) => string | undefined;
}

const remembering = (ports: OwnIdentityPorts): RememberingPorts => {
  const handles = new Map<string, string>();
  return {
    ...ports,
    evidence: {
      ...ports.evidence,
      record: async (evidence, now) => {
        const handle = await ports.evidence.record(evidence, now);
        handles.set(evidence.subject, handle);
        return handle;
      },
    },
    evidenceOf: (subject) => handles.get(subject),
  };
};

/**
 * What the user pool does with a sign-in by passkey: our triggers run in this process, and the tokens that they let it give
 * are those of a sign-in with password and code.
 */
const verifiedSignIn =
  (
    { evidence, signIn }: OwnIdentityPorts,
    people: ReadonlyMap<string, IdentityPerson>,
  ): OwnIdentityPorts['signIn']['startVerified'] =>
  async (subject, handle) => {
    const person = people.get(subject);
    const trigger = passkeyChallenge({ evidence });
    const answered = (await trigger({
      triggerSource: 'VerifyAuthChallengeResponse_Authentication',
      request: { userAttributes: { sub: subject }, challengeAnswer: handle },
    } as unknown as ChallengeEvent)) as VerifyAuthChallengeResponseTriggerEvent;
    if (person === undefined || !answered.response.answerCorrect) return { refused: 'answer' };
    const step = await signIn.start(person.email, person.password);
    if (!('pending' in step)) return { refused: 'answer' };
    return signIn.answer(step.pending, { code: new TOTP({ secret: person.totp }).generate() }, handle);
  };

/**
 * Verifies tokens of the pool by its own keys, and runs the token trigger in this process, once for each token: the emulated
 * pool has no function of ours.
 */
const poolTokens = (
  issuer: string,
  endpoint: string,
  { directory, evidence, evidenceOf }: RememberingPorts,
  administrativeFactor: Factor,
): AccessTokens => {
  const keys = tokenKeys(tokenKeysUrl(issuer, endpoint));
  const auditLog: AuditLog = {
    mark: () => ({ writer: 'A'.repeat(26), writerCounter: 1 }),
    write: async () => {},
  };
  const log = { failure() {} };
  const trigger = issueToken({ directory, evidence, administrativeFactor, auditLog, log });
  const issued = new Map<string, VerifiedToken>();
  return {
    verify: async (token) => {
      const known = issued.get(token);
      if (known) return known;
      const { payload } = await jwtVerify(token, keys, { issuer }).catch((cause: unknown) => {
        throw new ApiError('unauthenticated', { cause });
      });
      const event = {
        triggerSource: 'TokenGeneration_Authentication',
        callerContext: { clientId: payload.client_id },
        request: {
          userAttributes: { sub: payload.sub },
          clientMetadata: { evidence: evidenceOf(payload.sub ?? '') },
        },
      } as unknown as PreTokenGenerationV2TriggerEvent;
      const { response } = await trigger(event, { awsRequestId: randomUUID() });
      const given = response.claimsAndScopeOverrideDetails?.accessTokenGeneration;
      const { tenant = '', role, role_version, patient } = given?.claimsToAddOrOverride ?? {};
      const principal: Principal = {
        subject: payload.sub ?? '',
        tenant,
        role: role as Role,
        roleVersion: Number(role_version),
        scopes: new Set(given?.scopesToAdd),
        session: String(payload.origin_jti),
        client: String(payload.client_id),
        ...(patient !== undefined && { patient }),
      };
      const issuedAt = payload.iat ?? 0;
      const authenticatedAt = Number(payload.auth_time);
      const verified = { principal, issuedAt, authenticatedAt, expiresAt: issuedAt + 900 };
      issued.set(token, verified);
      return verified;
    },
  };
};

/** Starts emulator, user pool and function; stop it when the tests of the file are done. */
export const startIdentityApi = async ({
  administrativeFactor = 'totp',
}: {
  readonly administrativeFactor?: Factor;
} = {}): Promise<IdentityApi> => {
  process.env.AWS_ACCESS_KEY_ID = emulatorAccount;
  process.env.AWS_SECRET_ACCESS_KEY = 'root';
  const cloud = await startTestCloud('identity');
  const cognito = new CognitoIdentityProviderClient();
  const { UserPool } = await cognito.send(
    new CreateUserPoolCommand({
      PoolName: 'test',
      MfaConfiguration: 'ON',
      UsernameAttributes: ['email'],
      Policies: {
        PasswordPolicy: {
          MinimumLength: 14,
          RequireLowercase: true,
          RequireNumbers: true,
          RequireSymbols: true,
          RequireUppercase: true,
        },
      },
    }),
  );
  const pool = UserPool?.Id ?? '';
  const { UserPoolClient } = await cognito.send(
    new CreateUserPoolClientCommand({
      UserPoolId: pool,
      ClientName: 'sign-in',
      GenerateSecret: true,
      ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
    }),
  );
  const client = UserPoolClient?.ClientId ?? '';
  const { KeyMetadata } = await cloud.root.kms.send(new CreateKeyCommand({}));
  const issuer = `https://cognito-idp.us-east-1.amazonaws.com/${pool}`;
  const { dynamodb, kms } = cloud.root;
  const environment = {
    AUDIT_TABLE: 'audit',
    SESSIONS_TABLE: 'sessions',
    DIRECTORY_TABLE: 'directory',
    ISSUER: issuer,
    CLIENT_IDS: client,
    AWS_ENDPOINT_URL: cloud.endpoint,
    USER_POOL_ID: pool,
    SIGN_IN_CLIENT_ID: client,
    IDENTITY_KEY_ARN: KeyMetadata?.Arn ?? '',
    ACCESS_MINUTES: '15',
    REFRESH_MINUTES: '1440',
    RELYING_PARTY_ID: 'clinic.example',
    PASSKEY_ORIGINS: 'https://app.clinic.example',
  };
  const people = new Map<string, IdentityPerson>();
  const aws = remembering(identityPorts(environment, { dynamodb }));
  const ports = { ...aws, signIn: { ...aws.signIn, startVerified: verifiedSignIn(aws, people) } };
  const tokens = poolTokens(issuer, cloud.endpoint, ports, administrativeFactor);
  const silent = { request() {}, failure() {}, warn() {} };

  const postWith: IdentityApi['postWith'] = (change, other = {}) => {
    const all = { ...ports, tokens, log: silent };
    const own = { ...all, ...change(all) };
    const chain = chainPorts({ ...environment, ...other }, { clientsFor: cloud.clientsFor, dynamodb });
    return async (path, body, ask = {}) => {
      const { method = 'POST', token, userAgent = 'test/1.0', sourceAddress = '203.0.113.7', at } = ask;
      const handler = capabilityHandler('identity', ({ id }) => identityRuns[id], {
        validators: identityValidators,
        ...chain,
        ...own,
        ...(at && { clock: () => at }),
      });
      const headers = {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(ask.proof && { 'X-Step-Up-Proof': ask.proof }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const event = {
        httpMethod: method,
        ...routed(method, path),
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        isBase64Encoded: false,
        requestContext: { identity: { sourceIp: sourceAddress, userAgent } },
      } as unknown as ApiEvent;
      const answer = await handler(event, { awsRequestId: randomUUID() } as Context);
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: answer.body === '' ? {} : JSON.parse(answer.body),
      };
    };
  };
  const post = postWith(() => ({}));

  const newTenant: IdentityApi['newTenant'] = (input, change = () => ({})) => {
    const operator = createTenant({
      ...ports,
      log: silent,
      auditLog: auditLog({ table: 'audit', clientFor: () => dynamodb }),
      auditPut: (entry) => auditPut('audit', entry),
      createKeys: (tenant) =>
        createTenantKeys({ dynamodb, kms, keyringTable: 'keyring', fieldKeyArn: cloud.fieldKeyArn, tenant }),
      ...change(ports),
    });
    return operator(input, { awsRequestId: randomUUID() } as Context);
  };

  const enrol: IdentityApi['enrol'] = async (email, temporaryPassword) => {
    const password = `Synthetic-${randomUUID()}-A1!`;
    const login = await post('/auth/login', { email, password: temporaryPassword });
    const { challenge, session } = login.body;
    const setup = await post('/auth/challenge', { challenge, session, newPassword: password });
    const totp = setup.body.secret ?? '';
    const done = await post('/auth/challenge', {
      challenge: setup.body.challenge,
      session: setup.body.session,
      code: codeOf(totp),
    });
    const { accessToken = '', refreshToken = '', scope = '' } = done.body;
    const subject = decodeJwt(accessToken).sub ?? '';
    const person = { email, password, totp, accessToken, refreshToken, scope, subject };
    people.set(subject, person);
    return person;
  };
  const adminEmail = newEmail();
  const made = await newTenant({
    command: 'create-tenant',
    name: 'Clinic',
    adminEmail,
    adminTrainedOn: today(),
  });
  const admin = await enrol(adminEmail, made.admin.temporaryPassword);

  return {
    cloud,
    ports,
    post,
    postWith,
    newTenant,
    admin,
    tenant: made.tenant,
    enrol,
    join: async (role) => {
      const email = newEmail();
      const wanted = { email, role, trainedOn: today() };
      const { body } = await post('/users', wanted, { token: admin.accessToken });
      return enrol(email, body.temporaryPassword ?? '');
    },
    isAlive: async (token) => (await post('/users', {}, { token })).status !== 401,
    entries: async (requestId) =>
      (await cloud.items('audit'))
        .map(({ entry }) => JSON.parse(entry?.S ?? '{}') as AuditEntry)
        .filter((entry) => requestId === undefined || entry.requestId === requestId),
    stop: () => cloud.stop(),
  };
};
