import { describe, expect, it } from 'vitest';
import { houseRules, type Rendered } from '../../lib/checks/house-rules.ts';
import { operations } from '../../model/derive/operations.ts';
import { capabilities } from '../../model/vocabulary.ts';
import { partnerDomain } from './partner-domain.ts';
import { synthesized } from './synthesized.ts';

const prod = synthesized('prod', { partnerDomain });
const ofStack = (type: string, stack = 'partner-api') =>
  prod.ofType(type).filter((resource) => resource.stack === stack);
const domains = prod.ofType('AWS::ApiGateway::DomainName').map(({ properties }) => properties);
const domain = domains.find(({ DomainName }) => DomainName === partnerDomain.name);
const [api] = ofStack('AWS::ApiGateway::RestApi');

it('there is no API for partners without a domain for them', () => {
  expect([...synthesized('prod').templates.keys()]).not.toContain('partner-api');
});

describe('the partners’ domain', () => {
  it('verifies client certificates against one version of the truststore, by TLS 1.2 at least', () => {
    expect(domain).toMatchObject({
      SecurityPolicy: 'TLS_1_2',
      RegionalCertificateArn: partnerDomain.certificateArn,
      EndpointConfiguration: { Types: ['REGIONAL'] },
      MutualTlsAuthentication: {
        TruststoreUri: 's3://chartlock-truststore/partners.pem',
        TruststoreVersion: 'aVersionOfTheTruststore',
      },
    });
    expect(domain.EndpointAccessMode).toBeUndefined();
  });

  it('leads to the partners’ API only, and no other domain leads there', () => {
    const [{ id } = { id: '' }] = ofStack('AWS::ApiGateway::RestApi');
    const mappings = prod.ofType('AWS::ApiGateway::BasePathMapping').map(({ properties }) => properties);
    const toPartners = mappings.filter(({ RestApiId }) => RestApiId === `partner-api/${id}`);
    const name = prod
      .ofType('AWS::ApiGateway::DomainName')
      .find(({ properties }) => properties.DomainName === partnerDomain.name);
    expect(toPartners).toEqual([
      { BasePath: 'clinical', DomainName: `edge/${name?.id}`, RestApiId: `partner-api/${id}` },
    ]);
    expect(mappings.filter(({ DomainName }) => DomainName === `edge/${name?.id}`)).toHaveLength(1);
    expect(mappings).toHaveLength(capabilities.length + 1);
  });

  it('leaves the other domain as it is', () => {
    const [other] = domains.filter(({ DomainName }) => DomainName !== partnerDomain.name);
    expect(other).toMatchObject({
      SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09',
      EndpointAccessMode: 'STRICT',
    });
    expect(other.MutualTlsAuthentication).toBeUndefined();
  });

  it.each<[string, (properties: Rendered) => void]>([
    ['certificates', (properties) => delete properties.MutualTlsAuthentication],
    [
      'a version of the truststore',
      (properties) => delete properties.MutualTlsAuthentication.TruststoreVersion,
    ],
    ['TLS 1.2', (properties) => (properties.SecurityPolicy = 'TLS_1_0')],
  ])('is a finding without %s', (_what, spoil) => {
    const rule = houseRules.find(({ id }) => id.endsWith('DomainTls'));
    const properties = structuredClone(domain);
    expect(rule?.holds(properties)).toBe(true);
    spoil(properties);
    expect(rule?.holds(properties)).toBe(false);
  });
});

describe('the partners’ API', () => {
  it('is reached through the domain only, which alone asks for a certificate', () => {
    expect(api?.properties).toMatchObject({ DisableExecuteApiEndpoint: true, SecurityPolicy: 'TLS_1_2' });
    expect(api?.properties.EndpointAccessMode).toBeUndefined();
  });

  it('has what a machine is permitted, by machines’ scopes alone', () => {
    const methods = ofStack('AWS::ApiGateway::Method').map(({ properties }) => properties);
    const wanted = operations.flatMap(({ systemScope }) => systemScope ?? []);
    expect(methods.flatMap(({ AuthorizationScopes }) => AuthorizationScopes).sort()).toEqual(wanted.sort());
    for (const { AuthorizationType, AuthorizationScopes } of methods) {
      expect(AuthorizationType).toBe('COGNITO_USER_POOLS');
      expect(AuthorizationScopes).toEqual([expect.stringMatching(/^system\//)]);
    }
  });

  it('shares the function of the other API, by a permission of its own', () => {
    const [permission] = ofStack('AWS::Lambda::Permission');
    const [others] = ofStack('AWS::Lambda::Permission', 'clinical-api');
    expect(permission?.properties.FunctionName).toBe(others?.properties.FunctionName);
    expect(permission?.properties.SourceArn).toContain(`:partner-api/${api?.id}/v1/*/*`);
  });

  it('stands behind the firewall', () => {
    const arns = prod.ofType('AWS::WAFv2::WebACLAssociation').map(({ properties }) => properties.ResourceArn);
    expect(arns).toContain(
      `arn:aws:apigateway:${prod.config.region}::/restapis/partner-api/${api?.id}/stages/v1`,
    );
  });
});
