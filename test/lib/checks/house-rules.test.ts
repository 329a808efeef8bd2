import { describe, expect, it } from 'vitest';
import { houseRules, type Rendered } from '../../../lib/checks/house-rules.ts';
import { synthesized } from '../../synth/synthesized.ts';

const prod = synthesized('prod');
const rule = (id: string) => houseRules.find((candidate) => candidate.id.endsWith(id));
const example = (id: string): Rendered => {
  const type = rule(id)?.type;
  return structuredClone(
    prod.resources.find(
      (resource) =>
        resource.type === type &&
        (id !== 'LeadingKeys' || JSON.stringify(resource.properties).includes('dynamodb:')),
    )?.properties,
  );
};
const statement = (policy: Rendered): Rendered =>
  policy.PolicyDocument.Statement.find(({ Action }: Rendered) => `${Action}`.includes('dynamodb:'));

it.each(houseRules)('$id holds of every $type in production', ({ type, holds }) => {
  for (const { properties } of prod.ofType(type)) expect(holds(properties)).toBe(true);
});

describe('a finding is', () => {
  it.each<[string, string, (properties: Rendered) => void]>([
    ['TableEncrypted', 'a table without a key', (table) => delete table.Replicas[0].SSESpecification],
    ['TableEncrypted', 'a table under an AWS-owned key', (table) => delete table.SSESpecification],
    [
      'TableRestorable',
      'a table that can be deleted',
      (table) => (table.Replicas[0].DeletionProtectionEnabled = false),
    ],
    [
      'TableRestorable',
      'a table without recovery',
      (table) => delete table.Replicas[0].PointInTimeRecoverySpecification,
    ],
    ['KeyRotated', 'a key that stays', (key) => delete key.EnableKeyRotation],
    ['SecondFactor', 'optional MFA', (pool) => (pool.MfaConfiguration = 'OPTIONAL')],
    ['SecondFactor', 'SMS', (pool) => pool.EnabledMfas.push('SMS_MFA')],
    [
      'SecondFactor',
      'passkeys of the pool’s own',
      (pool) => pool.Policies.SignInPolicy.AllowedFirstAuthFactors.push('WEB_AUTHN'),
    ],
    ['SecondFactor', 'self sign-up', (pool) => delete pool.AdminCreateUserConfig],
    ['ClientFlows', 'flows by default', (client) => delete client.ExplicitAuthFlows],
    [
      'ClientFlows',
      'a public password flow',
      (client) => client.ExplicitAuthFlows.push('ALLOW_USER_PASSWORD_AUTH'),
    ],
    ['ClientFlows', 'a choice of factors', (client) => client.ExplicitAuthFlows.push('ALLOW_USER_AUTH')],
    ['ClientFlows', 'the implicit grant', (client) => (client.AllowedOAuthFlows = ['implicit'])],
    ['ClientFlows', 'an hour', (client) => (client.AccessTokenValidity = 60)],
    ['ClientFlows', 'fifteen hours', (client) => (client.TokenValidityUnits.AccessToken = 'hours')],
    ['DomainTls', 'TLS 1.2', (domain) => (domain.SecurityPolicy = 'TLS_1_2')],
    ['FirewallBlocks', 'a counting group', (acl) => (acl.Rules[3].OverrideAction = { Count: {} })],
    ['FirewallBlocks', 'a counting rule', (acl) => (acl.Rules[0].Action = { Count: {} })],
    ['ExplicitRoute', 'a proxy', (route) => (route.PathPart = '{proxy+}')],
    ['ExplicitMethod', 'any method', (method) => (method.HttpMethod = 'ANY')],
    [
      'ExplicitMethod',
      'a missing scope',
      (method) => Object.assign(method, { AuthorizationType: 'COGNITO_USER_POOLS', AuthorizationScopes: [] }),
    ],
    [
      'ExplicitMethod',
      'another operation’s scope besides',
      (method) =>
        Object.assign(method, {
          AuthorizationType: 'COGNITO_USER_POOLS',
          AuthorizationScopes: ['user/Patient.r', 'user/Patient.c'],
        }),
    ],
    [
      'ExplicitMethod',
      'a machine’s scope of another operation',
      (method) =>
        Object.assign(method, {
          AuthorizationType: 'COGNITO_USER_POOLS',
          AuthorizationScopes: ['user/Patient.r', 'system/Patient.c'],
        }),
    ],
    [
      'ExplicitMethod',
      'the same name at another server',
      (method) =>
        Object.assign(method, {
          AuthorizationType: 'COGNITO_USER_POOLS',
          AuthorizationScopes: ['user/Patient.r', 'identity/Patient.r'],
        }),
    ],
    ['LeadingKeys', 'a scan', (policy) => (statement(policy).Action = 'dynamodb:Scan')],
    ['LeadingKeys', 'every action', (policy) => (statement(policy).Action = '*')],
    ['LeadingKeys', 'no keys', (policy) => delete statement(policy).Condition['ForAllValues:StringLike']],
    ['LeadingKeys', 'no guard', (policy) => delete statement(policy).Condition.Null],
  ])('%s: %s', (id, _what, spoil) => {
    const properties = example(id);
    expect(rule(id)?.holds(properties)).toBe(true);
    spoil(properties);
    expect(rule(id)?.holds(properties)).toBe(false);
  });
});
