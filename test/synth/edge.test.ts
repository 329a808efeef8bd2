import { describe, expect, it } from 'vitest';
import { inspectedBytes } from '../../lib/constructs/inspected-bytes.ts';
import { operations } from '../../model/derive/operations.ts';
import { requestSchema } from '../../model/derive/schemas.ts';
import { capabilities } from '../../model/vocabulary.ts';
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

  it('lets no sign-in begin without a code and its proof key', () => {
    const [, proof] = login?.properties.Rules ?? [];
    expect(proof).toMatchObject({ Name: 'ProofKeyRequired', Action: { Block: {} } });
    const [pages, notProven] = proof.Statement.AndStatement.Statements;
    const paths = pages.OrStatement.Statements.map(
      // biome-ignore lint/suspicious/noExplicitAny: a template is read here, and its shape asserted
      ({ ByteMatchStatement: match }: any) => [match.SearchString, match.PositionalConstraint],
    );
    expect(paths).toEqual([
      ['/oauth2/authorize', 'STARTS_WITH'],
      ['/login', 'STARTS_WITH'],
    ]);
    const wanted = notProven.NotStatement.Statement.AndStatement.Statements.map(
      // biome-ignore lint/suspicious/noExplicitAny: likewise
      ({ ByteMatchStatement: match }: any) => [
        match.FieldToMatch.SingleQueryArgument.Name,
        match.SearchString,
        match.PositionalConstraint,
      ],
    );
    expect(wanted).toEqual([
      ['response_type', 'code', 'EXACTLY'],
      ['code_challenge_method', 'S256', 'EXACTLY'],
    ]);
  });

  it('blocks by every rule, and keeps no sample', () => {
    expect(login?.properties.Rules.map(({ Name }: { Name: string }) => Name)).toEqual([
      'RatePerAddress',
      'ProofKeyRequired',
      'AWSManagedRulesAmazonIpReputationList',
    ]);
    for (const { VisibilityConfig } of [login?.properties, ...(login?.properties.Rules ?? [])])
      expect(VisibilityConfig.SampledRequestsEnabled).toBe(false);
  });
});
