import { describe, expect, it } from 'vitest';
import { accessLogFields } from '../../lib/constructs/access-log-fields.ts';
import { operations, scopesOpening } from '../../model/derive/operations.ts';
import type { ProblemCode } from '../../model/problems.ts';
import { problems, problemType } from '../../model/problems.ts';
import { capabilities } from '../../model/vocabulary.ts';
import type { SynthesizedResource } from './synthesized.ts';
import { synthesized } from './synthesized.ts';

const prod = synthesized('prod');

describe.each(capabilities)('the %s API', (capability) => {
  const stack = `${capability}-api`;
  const ofType = (type: string): SynthesizedResource[] =>
    prod.resources.filter((resource) => resource.stack === stack && resource.type === type);
  const one = (type: string): SynthesizedResource => {
    const found = ofType(type);
    expect(found).toHaveLength(1);
    return found[0] as SynthesizedResource;
  };
  const parts = new Map(
    ofType('AWS::ApiGateway::Resource').map((part) => [`${stack}/${part.id}`, part.properties]),
  );
  const pathOf = (id: string): string => {
    const part = parts.get(id);
    return part ? `${pathOf(part.ParentId)}/${part.PathPart}` : '';
  };
  const methods = ofType('AWS::ApiGateway::Method').map(({ properties }) => ({
    ...properties,
    route: `${properties.HttpMethod} ${pathOf(properties.ResourceId)}`,
  }));
  const own = operations.filter((operation) => operation.capability === capability);
  const api = one('AWS::ApiGateway::RestApi').properties;
  const stage = one('AWS::ApiGateway::Stage').properties;

  it('has one route for each operation, and no other', () => {
    expect(methods.map(({ route }) => route).sort()).toEqual(
      own.map(({ method, path }) => `${method} ${path}`).sort(),
    );
    expect(methods.filter(({ route }) => route.includes('+') || route.startsWith('ANY'))).toEqual([]);
  });

  it.each(own)('asks for the scope of $id', (operation) => {
    const found = methods.find(({ route }) => route === `${operation.method} ${operation.path}`);
    const scopes = scopesOpening(operation);
    expect(found.AuthorizationType).toBe(scopes.length > 0 ? 'COGNITO_USER_POOLS' : 'NONE');
    expect(found.AuthorizationScopes).toEqual(scopes.length > 0 ? scopes : undefined);
  });

  it('asks the user pool, and does not keep its answer', () => {
    const authorizer = one('AWS::ApiGateway::Authorizer');
    const pool = prod.ofType('AWS::Cognito::UserPool')[0];
    expect(authorizer.properties).toMatchObject({
      Type: 'COGNITO_USER_POOLS',
      IdentitySource: 'method.request.header.Authorization',
      ProviderARNs: [`arn:identity/${pool?.id}`],
      AuthorizerResultTtlInSeconds: 0,
    });
    for (const { AuthorizerId, AuthorizationType } of methods)
      if (AuthorizationType !== 'NONE') expect(AuthorizerId).toBe(`${stack}/${authorizer.id}`);
  });

  it('leaves before sign-in only what is declared public', () => {
    const open = methods.filter(({ AuthorizationType }) => AuthorizationType === 'NONE').length;
    expect(open).toBe(
      own.filter((operation) => operation.kind === 'named' && operation.definition.allows === 'public')
        .length,
    );
  });

  it('validates every request', () => {
    const validator = one('AWS::ApiGateway::RequestValidator');
    expect(validator.properties).toMatchObject({
      ValidateRequestBody: true,
      ValidateRequestParameters: true,
    });
    for (const { RequestValidatorId } of methods) expect(RequestValidatorId).toBe(`${stack}/${validator.id}`);
  });

  it('speaks TLS 1.3, under the domain only', () => {
    expect(api.SecurityPolicy).toBe('SecurityPolicy_TLS13_1_3_2025_09');
    expect(api.EndpointAccessMode).toBe('STRICT');
    expect(api.DisableExecuteApiEndpoint).toBe(true);
    expect(api.EndpointConfiguration.Types).toEqual(['REGIONAL']);
  });

  it('limits requests and caches none', () => {
    expect(stage.StageName).toBe('v1');
    expect(stage.CacheClusterEnabled).toBeUndefined();
    expect(stage.MethodSettings).toEqual([
      {
        HttpMethod: '*',
        ResourcePath: '/*',
        DataTraceEnabled: false,
        LoggingLevel: 'ERROR',
        MetricsEnabled: true,
        ThrottlingRateLimit: prod.config.throttle.ratePerSecond,
        ThrottlingBurstLimit: prod.config.throttle.burst,
      },
    ]);
    expect(stage.TracingEnabled ?? false).toBe(false);
  });

  it('logs each access, and executions into our own group', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    const accessLog = groups.find(({ id }) => id.startsWith('AccessLog'));
    expect(stage.AccessLogSetting.DestinationArn).toMatch(
      new RegExp(`:log-group:${stack}/${accessLog?.id}$`),
    );
    expect(JSON.parse(stage.AccessLogSetting.Format)).toEqual(accessLogFields);
    const executionLog = groups.find(({ id }) => id.startsWith('ExecutionLog'));
    const { id } = one('AWS::ApiGateway::RestApi');
    expect(executionLog?.properties.LogGroupName).toBe(`API-Gateway-Execution-Logs_${stack}/${id}/v1`);
  });

  it('answers every error of its own as a problem of the catalogue, with the security headers', () => {
    const answers = ofType('AWS::ApiGateway::GatewayResponse').map(({ properties }) => properties);
    expect(answers.map(({ ResponseType }) => ResponseType).sort()).toEqual([...gatewayErrors].sort());
    for (const { ResponseTemplates, ResponseParameters, StatusCode } of answers) {
      expect(Object.keys(ResponseTemplates)).toEqual(['application/json']);
      const body = JSON.parse(ResponseTemplates['application/json']);
      const { status, title } = problems[body.code as ProblemCode];
      expect(body).toEqual({
        type: problemType(body.code),
        title,
        status,
        code: body.code,
        requestId: '$context.requestId',
      });
      expect(StatusCode).toBe(String(status));
      expect(ResponseParameters).toMatchObject(securityHeaders);
      expect('gatewayresponse.header.retry-after' in ResponseParameters).toBe(status === 429);
    }
  });

  it('may invoke its function by one permission, which the console’s test call does not have', () => {
    const { id } = one('AWS::ApiGateway::RestApi');
    const [{ Uri } = { Uri: '' }] = methods.map(({ Integration }) => Integration);
    const [permission, ...others] = ofType('AWS::Lambda::Permission').filter(
      ({ properties: { FunctionName, Principal } }) =>
        Principal === 'apigateway.amazonaws.com' || Uri.includes(FunctionName),
    );
    expect(others).toEqual([]);
    const { properties } = permission ?? { properties: {} };
    const { account, region } = prod.config;
    expect(properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceAccount: account,
      SourceArn: `arn:aws:execute-api:${region}:${account}:${stack}/${id}/v1/*/*`,
    });
    for (const { Integration } of methods) {
      expect(Integration.Type).toBe('AWS_PROXY');
      expect(Integration.Uri).toBe(
        `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${properties.FunctionName}/invocations`,
      );
    }
  });
});

/** Every kind of answer that API Gateway gives by itself (API Gateway Developer Guide, "Gateway response types"). */
const gatewayErrors = [
  'ACCESS_DENIED',
  'API_CONFIGURATION_ERROR',
  'AUTHORIZER_CONFIGURATION_ERROR',
  'AUTHORIZER_FAILURE',
  'BAD_REQUEST_BODY',
  'BAD_REQUEST_PARAMETERS',
  'DEFAULT_4XX',
  'DEFAULT_5XX',
  'EXPIRED_TOKEN',
  'INTEGRATION_FAILURE',
  'INTEGRATION_TIMEOUT',
  'INVALID_API_KEY',
  'INVALID_SIGNATURE',
  'MISSING_AUTHENTICATION_TOKEN',
  'QUOTA_EXCEEDED',
  'REQUEST_TOO_LARGE',
  'RESOURCE_NOT_FOUND',
  'THROTTLED',
  'UNAUTHORIZED',
  'UNSUPPORTED_MEDIA_TYPE',
  'WAF_FILTERED',
];

const header = (name: string): string => `gatewayresponse.header.${name}`;
const securityHeaders = {
  [header('strict-transport-security')]: "'max-age=63072000; includeSubDomains; preload'",
  [header('cache-control')]: "'no-store'",
  [header('x-content-type-options')]: "'nosniff'",
  [header('content-security-policy')]: "'default-src 'none'; frame-ancestors 'none''",
  [header('referrer-policy')]: "'no-referrer'",
  [header('Content-Type')]: "'application/problem+json'",
  [header('x-request-id')]: 'context.requestId',
};

describe('the access log', () => {
  it('can hold no path, parameter, body, claim, address, agent or certificate', () => {
    const telling =
      /\.(path|params?|querystring|body|claims|identity|customDomain|domainName|requestOverride|responseOverride|principalId|messageString|message|validationErrorString|integrationErrorMessage)\b/i;
    expect(Object.values(accessLogFields).filter((value) => telling.test(value))).toEqual([]);
    expect(Object.values(accessLogFields).every((value) => /^\$context\.[\w.]+$/.test(value))).toBe(true);
  });
});

describe('functions', () => {
  const functions = prod.ofType('AWS::Lambda::Function');

  it.each(functions)(
    '$stack/$id runs Node 24 on arm64 with a role and a log of its own',
    ({ properties }) => {
      expect(properties.Runtime).toBe('nodejs24.x');
      expect(properties.Architectures).toEqual(['arm64']);
      expect(properties.LoggingConfig.LogFormat).toBe('JSON');
      const sharing = (of: (other: SynthesizedResource) => unknown, mine: unknown) =>
        functions.filter((other) => of(other) === mine).length;
      expect(sharing((other) => other.properties.Role, properties.Role)).toBe(1);
      expect(sharing((other) => `${other.stack}${other.properties.LoggingConfig.LogGroup}`, undefined)).toBe(
        0,
      );
      expect(
        sharing((other) => other.properties.LoggingConfig.LogGroup, properties.LoggingConfig.LogGroup),
      ).toBe(1);
      expect(properties.ReservedConcurrentExecutions).toBeGreaterThan(0);
      expect(properties.RecursiveLoop).toBe('Terminate');
    },
  );

  it.each(functions)('$stack/$id is told names and limits, and no secret', ({ properties }) => {
    const known = [
      'ACCESS_MINUTES',
      'ADMINISTRATIVE_FACTOR',
      'AUDIT_TABLE',
      'CLIENT_IDS',
      'DIRECTORY_TABLE',
      'FIELD_KEY_ARN',
      'IDENTITY_KEY_ARN',
      'ISSUER',
      'KEYRING_TABLE',
      'PASSKEY_ORIGINS',
      'PATIENT_ABSOLUTE_SECONDS',
      'PATIENT_IDLE_SECONDS',
      'RECORDS_TABLE',
      'REFRESH_MINUTES',
      'RELYING_PARTY_ID',
      'SESSIONS_TABLE',
      'SIGN_IN_CLIENT_ID',
      'STAGE',
      'STEP_UP_SECONDS',
      'TENANT_ROLE_ARN',
      'USER_POOL_ID',
      'WORKFORCE_ABSOLUTE_SECONDS',
      'WORKFORCE_IDLE_SECONDS',
    ];
    const { Variables } = properties.Environment;
    expect(Object.keys(Variables).filter((name) => !known.includes(name))).toEqual([]);
    for (const [name, value] of Object.entries(Variables)) {
      expect(name).not.toMatch(/SECRET|PASSWORD|TOKEN/);
      expect(value).toMatch(
        /^(\d+|prod|passkey|(https:\/\/app\.)?chartlock\.example\.org|(arn:)?[a-z-]+\/[A-Za-z0-9]+|https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com\/identity\/\w+)$/,
      );
    }
  });

  it.each([...prod.templates])('template %s holds neither an endpoint nor a secret', (_name, text) => {
    expect(text).not.toContain('AWS_ENDPOINT_URL');
    expect(text).not.toMatch(
      /(?<!cognito-idp:\w*)ClientSecret|SecretString|resolve:secretsmanager|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY/,
    );
  });
});

describe('the daily review of access', () => {
  const [rule, ...others] = prod.ofType('AWS::Events::Rule');
  const review = prod
    .ofType('AWS::Lambda::Function')
    .find(({ stack, id }) => stack === 'identity-api' && id.startsWith('AccessReview'));

  it('is begun once a day by a schedule, with nothing in its event', () => {
    expect(others).toEqual([]);
    expect(rule?.properties).toMatchObject({ ScheduleExpression: 'rate(1 day)', State: 'ENABLED' });
    expect(rule?.properties.Targets).toEqual([
      { Arn: `arn:identity-api/${review?.id}`, Id: expect.any(String) },
    ]);
  });

  it('may be begun by that schedule alone', () => {
    const permissions = prod
      .ofType('AWS::Lambda::Permission')
      .filter(({ properties }) => `${properties.FunctionName}`.endsWith(`/${review?.id}`));
    expect(permissions.map(({ properties }) => properties)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: `arn:identity-api/${review?.id}`,
        Principal: 'events.amazonaws.com',
        SourceArn: `arn:identity-api/${rule?.id}`,
      },
    ]);
  });

  it('runs once at a time, and as long as it needs', () => {
    expect(review?.properties).toMatchObject({ Timeout: 900, ReservedConcurrentExecutions: 1 });
  });
});
