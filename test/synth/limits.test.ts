import { describe, expect, it } from 'vitest';
import { capabilities } from '../../model/vocabulary.ts';
import { synthesized } from './synthesized.ts';

/** The part of a limit that may be used before the design has to change. */
const share = 0.8;
const prod = synthesized('prod');
const stacks = [...prod.templates.keys()];
const count = (stack: string, type?: string): number =>
  prod.resources.filter((resource) => resource.stack === stack && (!type || resource.type === type)).length;

describe.each(stacks)('stack %s stays below 80 %% of what CloudFormation allows', (stack) => {
  it('500 resources', () => expect(count(stack)).toBeLessThanOrEqual(500 * share));

  it('1 MB of template', () =>
    expect(Buffer.byteLength(prod.templates.get(stack) ?? '')).toBeLessThanOrEqual(1_000_000 * share));

  it('200 outputs', () =>
    expect(
      Object.keys(JSON.parse(prod.templates.get(stack) ?? '{}').Outputs ?? {}).length,
    ).toBeLessThanOrEqual(200 * share));
});

describe.each(capabilities)('API %s stays below 80 %% of what API Gateway and Lambda allow', (capability) => {
  const stack = `${capability}-api`;

  it('300 resources', () =>
    expect(count(stack, 'AWS::ApiGateway::Resource')).toBeLessThanOrEqual(300 * share));

  it('20 KB of function policy', () => {
    const permissions = prod.resources.filter(
      (resource) => resource.stack === stack && resource.type === 'AWS::Lambda::Permission',
    );
    const byFunction = Map.groupBy(permissions, ({ properties }) => properties.FunctionName);
    expect(byFunction.size).toBeGreaterThan(0);
    for (const own of byFunction.values()) {
      expect(own).toHaveLength(1);
      expect(JSON.stringify(own).length).toBeLessThanOrEqual(20_480 * share);
    }
  });
});

it('each policy stays below 80 % of the 6,144 characters that IAM allows', () => {
  for (const { properties } of prod.ofType('AWS::IAM::ManagedPolicy'))
    expect(JSON.stringify(properties.PolicyDocument).replace(/\s/g, '').length).toBeLessThanOrEqual(
      6_144 * share,
    );
});

it('each key policy stays below 80 % of the 32 KB that KMS allows', () => {
  for (const { properties } of prod.ofType('AWS::KMS::Key'))
    expect(JSON.stringify(properties.KeyPolicy).length).toBeLessThanOrEqual(32_768 * share);
});

it('each resource server stays below 80 of its 100 scopes, and the pool below 20 of 25 servers', () => {
  const servers = prod.ofType('AWS::Cognito::UserPoolResourceServer');
  expect(servers.length).toBeLessThanOrEqual(25 * share);
  for (const { properties } of servers) expect(properties.Scopes.length).toBeLessThanOrEqual(100 * share);
});

it('the firewall stays within the 1,500 units of the base price', () => {
  const groups: Record<string, number> = {
    AWSManagedRulesAmazonIpReputationList: 25,
    AWSManagedRulesCommonRuleSet: 700,
    AWSManagedRulesKnownBadInputsRuleSet: 200,
    AWSManagedRulesSQLiRuleSet: 200,
  };
  const rules: readonly { Name: string }[] = prod.ofType('AWS::WAFv2::WebACL')[0]?.properties.Rules;
  const own = 50;
  expect(
    rules.map(({ Name }) => groups[Name] ?? own).reduce((sum, units) => sum + units, 0),
  ).toBeLessThanOrEqual(1_500);
});
