import * as cognito from '@aws-sdk/client-cognito-identity-provider';
import {
  AssociateSoftwareTokenCommand,
  GetTokensFromRefreshTokenCommand,
  RevokeTokenCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { describe, expect, it } from 'vitest';
import { inspectedBytes } from '../../lib/constructs/inspected-bytes.ts';
import { operations } from '../../model/derive/operations.ts';
import { requestSchema } from '../../model/derive/schemas.ts';
import { capabilities } from '../../model/vocabulary.ts';
import { matches, type WebRequest } from './evaluate-firewall.ts';
import { largestBody } from './largest-body.ts';
import { synthesized } from './synthesized.ts';

const prod = synthesized('prod');
const acl = prod.ofType('AWS::WAFv2::WebACL')[0]?.properties;
// biome-ignore lint/suspicious/noExplicitAny: a template is read here, and its shape asserted
const rules: readonly any[] = acl.Rules;
const rule = (name: string) => rules.find(({ Name }) => Name === name);

describe('the domain', () => {
  it('speaks TLS 1.3 only, to its own name', () => {
    const [domain] = prod.ofType('AWS::ApiGateway::DomainName');
    expect(domain?.properties).toMatchObject({
      DomainName: prod.config.domain?.name,
      SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09',
      EndpointAccessMode: 'STRICT',
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
  });

  it('leads to every API by its base path, whose version names the stage', () => {
    const mappings = prod.ofType('AWS::ApiGateway::BasePathMapping').map(({ properties }) => properties);
    expect(mappings.map(({ BasePath }) => BasePath).sort()).toEqual([...capabilities].sort());
    for (const { Stage } of mappings) expect(Stage).toBeUndefined();
  });
});

describe('the firewall', () => {
  it('stands before every API', () => {
    const stages = prod.ofType('AWS::ApiGateway::Stage');
    const apis = prod.ofType('AWS::ApiGateway::RestApi');
    const protectedArns = prod
      .ofType('AWS::WAFv2::WebACLAssociation')
      .map(({ properties }) => properties.ResourceArn);
    expect(stages).toHaveLength(apis.length);
    expect(protectedArns.filter((arn) => arn.startsWith('arn:aws:apigateway')).sort()).toEqual(
      apis
        .map(
          ({ stack, id }) => `arn:aws:apigateway:${prod.config.region}::/restapis/${stack}/${id}/stages/v1`,
        )
        .sort(),
    );
  });

  it('has the managed groups, and none that only counts', () => {
    const groups = rules.filter(({ Statement }) => 'ManagedRuleGroupStatement' in Statement);
    expect(groups.map(({ Name }) => Name)).toEqual([
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesSQLiRuleSet',
    ]);
    for (const { OverrideAction } of groups) expect(OverrideAction).toEqual({ None: {} });
  });

  it('counts one rule, which a blocking one of ours replaces', () => {
    const overrides = rules.flatMap(
      ({ Statement }) => Statement.ManagedRuleGroupStatement?.RuleActionOverrides ?? [],
    );
    expect(overrides).toEqual([{ Name: 'SizeRestrictions_BODY', ActionToUse: { Count: {} } }]);
    expect(rule('OversizeBody')).toMatchObject({
      Action: { Block: {} },
      Statement: {
        SizeConstraintStatement: {
          FieldToMatch: { Body: { OversizeHandling: 'MATCH' } },
          ComparisonOperator: 'GT',
          Size: inspectedBytes,
        },
      },
    });
    expect(acl.AssociationConfig.RequestBody.API_GATEWAY.DefaultSizeInspectionLimit).toBe(
      `KB_${inspectedBytes / 1024}`,
    );
  });

  it('blocks by every rule of ours', () => {
    const own = rules.filter(({ Statement }) => !('ManagedRuleGroupStatement' in Statement));
    expect(own.map(({ Name }) => Name)).toEqual(['RatePerAddress', 'SignInsPerAddress', 'OversizeBody']);
    for (const { Action } of own) expect(Action).toEqual({ Block: {} });
  });

  it('limits what one address may send, and sign-ins below that', () => {
    const limits = ['RatePerAddress', 'SignInsPerAddress'].map(
      (name) => rule(name).Statement.RateBasedStatement,
    );
    expect(limits.map(({ AggregateKeyType }) => AggregateKeyType)).toEqual(['IP', 'IP']);
    expect(limits.map(({ Limit }) => Limit)).toEqual([
      prod.config.perAddress.requests,
      prod.config.perAddress.signIns,
    ]);
    expect(limits[0].ScopeDownStatement).toBeUndefined();
    expect(limits[1].ScopeDownStatement).toMatchObject({
      ByteMatchStatement: { FieldToMatch: { UriPath: {} }, SearchString: '/auth/' },
    });
  });

  it.each(operations.filter((operation) => requestSchema(operation) !== undefined))(
    'lets the largest body of $id pass',
    (operation) => {
      expect(largestBody(requestSchema(operation) ?? {})).toBeLessThan(inspectedBytes);
    },
  );

  it('keeps no sample of a request', () => {
    for (const { VisibilityConfig } of [acl, ...rules])
      expect(VisibilityConfig.SampledRequestsEnabled).toBe(false);
  });

  it('logs every decision without what could tell of a person', () => {
    const [logging, loginLogging] = prod.ofType('AWS::WAFv2::LoggingConfiguration');
    const group = prod.ofType('AWS::Logs::LogGroup').find(({ stack }) => stack === 'edge');
    expect(group?.properties.LogGroupName).toBe('aws-waf-logs-chartlock-prod');
    expect(logging?.properties.LogDestinationConfigs).toEqual([`arn:edge/${group?.id}`]);
    expect(logging?.properties.RedactedFields).toEqual([
      { UriPath: {} },
      { QueryString: {} },
      { SingleHeader: { Name: 'authorization' } },
      { SingleHeader: { Name: 'cookie' } },
      { SingleHeader: { Name: 'idempotency-key' } },
      { SingleHeader: { Name: 'x-step-up-proof' } },
    ]);
    expect(loginLogging?.properties).toMatchObject({
      LogDestinationConfigs: logging?.properties.LogDestinationConfigs,
      RedactedFields: logging?.properties.RedactedFields,
    });
    const fields = acl.DataProtectionConfig.DataProtections.map(
      ({
        Field: { FieldType, FieldKeys = [] },
        Action,
      }: {
        Field: { FieldType: string; FieldKeys?: string[] };
        Action: string;
      }) => [Action, FieldType, ...FieldKeys].join(' '),
    );
    expect(fields).toEqual([
      'SUBSTITUTION SINGLE_HEADER authorization',
      'SUBSTITUTION SINGLE_HEADER cookie',
      'SUBSTITUTION SINGLE_HEADER idempotency-key',
      'SUBSTITUTION SINGLE_HEADER x-step-up-proof',
      'SUBSTITUTION QUERY_STRING',
      'SUBSTITUTION BODY',
    ]);
  });
});

describe('the firewall before managed login', () => {
  const [, login] = prod.ofType('AWS::WAFv2::WebACL');

  it('stands before the user pool', () => {
    const pool = prod.ofType('AWS::Cognito::UserPool')[0];
    const association = prod
      .ofType('AWS::WAFv2::WebACLAssociation')
      .find(({ properties }) => properties.ResourceArn === `arn:identity/${pool?.id}`);
    expect(association?.properties.WebACLArn).toBe(`arn:edge/${login?.id}`);
  });

  const ruleNamed = (name: string) =>
    login?.properties.Rules.find(({ Name }: { Name: string }) => Name === name);
  const isBlockedBy = (name: string, request: WebRequest): boolean =>
    matches(ruleNamed(name).Statement, request);
  const calling = (operation: string, path = '/'): WebRequest => ({
    path,
    headers: { 'x-amz-target': `AWSCognitoIdentityProviderService.${operation}` },
  });

  describe('lets a sign-in begin', () => {
    const query = { response_type: 'code', code_challenge_method: 'S256', prompt: 'login' };
    const pages = ['/oauth2/authorize', '/login', '/LOGIN', '/oauth2//authorize', '/x/../login', '/%6Cogin'];

    it.each(pages)('at %s with a code, its proof key and a new authentication', (path) => {
      expect(isBlockedBy('ProvenSignIn', { path, query })).toBe(false);
    });

    it.each([
      ['without a code', { response_type: 'token' }],
      ['with a proof key that is not hashed', { code_challenge_method: 'plain' }],
      ['on the cookie of an earlier one', { prompt: 'none' }],
      ['on a cookie that the person may choose', { prompt: 'select_account' }],
    ])('not %s', (_what, change) => {
      for (const path of pages)
        expect(isBlockedBy('ProvenSignIn', { path, query: { ...query, ...change } })).toBe(true);
    });

    it.each(Object.keys(query))('not without %s', (name) => {
      const { [name as keyof typeof query]: _left, ...others } = query;
      for (const path of pages) expect(isBlockedBy('ProvenSignIn', { path, query: others })).toBe(true);
    });

    it('and asks for nothing of that where tokens are given', () => {
      expect(isBlockedBy('ProvenSignIn', { path: '/oauth2/token' })).toBe(false);
    });
  });

  describe('lets pass of the API', () => {
    const facade = [
      AssociateSoftwareTokenCommand,
      GetTokensFromRefreshTokenCommand,
      RevokeTokenCommand,
      VerifySoftwareTokenCommand,
    ].map(({ name }) => name.replace(/Command$/, ''));

    it.each(facade)('%s, which the façade calls', (operation) => {
      expect(isBlockedBy('FacadeOperationsOnly', calling(operation))).toBe(false);
    });

    it('nothing else', () => {
      const others = Object.keys(cognito)
        .filter((name) => name.endsWith('Command'))
        .map((name) => name.replace(/Command$/, ''))
        .filter((name) => !facade.includes(name));
      expect(others).toEqual(
        expect.arrayContaining([
          'InitiateAuth',
          'RespondToAuthChallenge',
          'SignUp',
          'ForgotPassword',
          'GetUser',
        ]),
      );
      for (const operation of others)
        for (const path of ['/', '//', '/login', '/oauth2/token'])
          expect(isBlockedBy('FacadeOperationsOnly', calling(operation, path))).toBe(true);
    });

    it.each([
      { path: '/' },
      { path: '/service/AWSCognitoIdentityProviderService/operation/InitiateAuth' },
      { path: '/', headers: { 'x-amz-target': 'AWSCognitoIdentityProviderService.RevokeToken,x' } },
      { path: '/', headers: { 'x-amz-target': 'RevokeToken' } },
    ])('nothing that does not name it so: %j', (request) => {
      expect(isBlockedBy('FacadeOperationsOnly', request)).toBe(true);
    });

    it.each(['/login', '/oauth2/authorize', '/oauth2/token', '/logout', '/error'])(
      'and %s, which is none of it',
      (path) => {
        expect(isBlockedBy('FacadeOperationsOnly', { path })).toBe(false);
      },
    );
  });

  it('counts every address, and looks at its reputation, but for the façade’s own calls', () => {
    const { RateBasedStatement: rate } = ruleNamed('RatePerAddress').Statement;
    expect(rate).toMatchObject({ AggregateKeyType: 'IP', Limit: prod.config.perAddress.signIns });
    const { ManagedRuleGroupStatement: reputation } = ruleNamed(
      'AWSManagedRulesAmazonIpReputationList',
    ).Statement;
    for (const { ScopeDownStatement: scope } of [rate, reputation]) {
      expect(matches(scope, calling('GetTokensFromRefreshToken'))).toBe(false);
      expect(matches(scope, calling('RevokeToken', '/login'))).toBe(true);
      for (const path of ['/login', '/oauth2/authorize', '/oauth2/token', '/'])
        expect(matches(scope, { path })).toBe(true);
    }
  });

  it('blocks by every rule, and keeps no sample', () => {
    expect(login?.properties.Rules.map(({ Name }: { Name: string }) => Name)).toEqual([
      'FacadeOperationsOnly',
      'RatePerAddress',
      'ProvenSignIn',
      'AWSManagedRulesAmazonIpReputationList',
    ]);
    for (const { Action, OverrideAction } of login?.properties.Rules ?? [])
      expect([Action, OverrideAction]).toContainEqual(OverrideAction ? { None: {} } : { Block: {} });
    for (const { VisibilityConfig } of [login?.properties, ...(login?.properties.Rules ?? [])])
      expect(VisibilityConfig.SampledRequestsEnabled).toBe(false);
  });
});
