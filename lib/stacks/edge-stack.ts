import type { StackProps } from 'aws-cdk-lib';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import {
  BasePathMapping,
  DomainName,
  EndpointAccessMode,
  EndpointType,
  type RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stage-config.ts';
import { EncryptedLogGroup } from '../constructs/encrypted-log-group.ts';
import { apiStageName } from '../constructs/explicit-api.ts';
import { inspectedBytes } from '../constructs/inspected-bytes.ts';
import type { ApiStack } from './api-stack.ts';
import type { IdentityStack } from './identity-stack.ts';
import type { KeysStack } from './keys-stack.ts';
import type { PartnerApiStack } from './partner-api-stack.ts';

/** What the edge needs. */
export interface EdgeStackProps extends StackProps {
  readonly config: StageConfig;
  readonly keys: KeysStack;
  /** The APIs by their capability, which is their base path. */
  readonly apis: { readonly [capability: string]: ApiStack };
  /** The partners' APIs likewise; without the partners' domain there are none. */
  readonly partnerApis: { readonly [capability: string]: PartnerApiStack };
  readonly identity: IdentityStack;
}

/** AWS's managed rule groups, all of them blocking. */
const managedGroups = [
  'AWSManagedRulesAmazonIpReputationList',
  'AWSManagedRulesCommonRuleSet',
  'AWSManagedRulesKnownBadInputsRuleSet',
  'AWSManagedRulesSQLiRuleSet',
] as const;

const metrics = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  // A sample would show parts of requests in the console.
  sampledRequestsEnabled: false,
});

const rateRule = (
  name: string,
  priority: number,
  limit: number,
  scopeDownStatement?: CfnWebACL.StatementProperty,
): CfnWebACL.RuleProperty => ({
  name,
  priority,
  action: { block: {} },
  statement: {
    rateBasedStatement: {
      aggregateKeyType: 'IP',
      evaluationWindowSec: 300,
      limit,
      ...(scopeDownStatement && { scopeDownStatement }),
    },
  },
  visibilityConfig: metrics(name),
});

const managedRule = (name: string, priority: number): CfnWebACL.RuleProperty => ({
  name,
  priority,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name,
      // Its limit of 8 KB is below a full patient record; OversizeBody takes its place, and blocks.
      ...(name === 'AWSManagedRulesCommonRuleSet' && {
        ruleActionOverrides: [{ name: 'SizeRestrictions_BODY', actionToUse: { count: {} } }],
      }),
    },
  },
  visibilityConfig: metrics(name),
});

/** Bodies that the other rules could not read to their end. */
const oversizeBody = (priority: number): CfnWebACL.RuleProperty => ({
  name: 'OversizeBody',
  priority,
  action: { block: {} },
  statement: {
    sizeConstraintStatement: {
      fieldToMatch: { body: { oversizeHandling: 'MATCH' } },
      comparisonOperator: 'GT',
      size: inspectedBytes,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  },
  visibilityConfig: metrics('OversizeBody'),
});

const signIns: CfnWebACL.StatementProperty = {
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'CONTAINS',
    searchString: '/auth/',
    textTransformations: [
      { priority: 0, type: 'URL_DECODE' },
      { priority: 1, type: 'LOWERCASE' },
    ],
  },
};

const pathOf = (searchString: string): CfnWebACL.StatementProperty => ({
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'STARTS_WITH',
    searchString,
    textTransformations: [
      { priority: 0, type: 'URL_DECODE' },
      { priority: 1, type: 'NORMALIZE_PATH' },
      { priority: 2, type: 'LOWERCASE' },
    ],
  },
});
const inQuery = (name: string, searchString: string): CfnWebACL.StatementProperty => ({
  byteMatchStatement: {
    fieldToMatch: { singleQueryArgument: { Name: name } },
    positionalConstraint: 'EXACTLY',
    searchString,
    textTransformations: [{ priority: 0, type: 'NONE' }],
  },
});

/** Cognito lets a client leave PKCE out, which OAuth 2.1 §7.6 does not: such a sign-in does not begin, at either page. */
const proofKeyRequired = (priority: number): CfnWebACL.RuleProperty => ({
  name: 'ProofKeyRequired',
  priority,
  action: { block: {} },
  statement: {
    andStatement: {
      statements: [
        { orStatement: { statements: [pathOf('/oauth2/authorize'), pathOf('/login')] } },
        {
          notStatement: {
            statement: {
              andStatement: {
                statements: [inQuery('response_type', 'code'), inQuery('code_challenge_method', 'S256')],
              },
            },
          },
        },
      ],
    },
  },
  visibilityConfig: metrics('ProofKeyRequired'),
});

/** What neither a log nor a console may hold of a request. */
const dataProtectionConfig: CfnWebACL.DataProtectionConfigProperty = {
  dataProtections: [
    ...['authorization', 'cookie', 'idempotency-key', 'x-step-up-proof'].map((header) => ({
      field: { fieldType: 'SINGLE_HEADER', fieldKeys: [header] },
      action: 'SUBSTITUTION',
    })),
    { field: { fieldType: 'QUERY_STRING' }, action: 'SUBSTITUTION' },
    { field: { fieldType: 'BODY' }, action: 'SUBSTITUTION' },
  ],
};

/**
 * What stands before the APIs: the domain, which speaks TLS 1.3 only, and the firewall, which blocks.
 * @stateless
 */
export class EdgeStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { config, keys, apis, partnerApis, identity, ...props }: EdgeStackProps,
  ) {
    super(scope, id, props);
    if (config.domain) this.domain(config.domain, apis);
    if (config.partnerDomain) this.partnerDomain(config.partnerDomain, partnerApis);
    const firewall = this.firewall(config, [
      ...Object.entries(apis),
      ...Object.entries(partnerApis).map(([capability, stack]) => [`partner${capability}`, stack] as const),
    ]);
    const loginFirewall = this.loginFirewall(config, identity);
    this.logging(config, keys, { FirewallLogging: firewall, LoginFirewallLogging: loginFirewall });
  }

  private domain(
    { name, certificateArn }: NonNullable<StageConfig['domain']>,
    apis: EdgeStackProps['apis'],
  ): void {
    const domainName = new DomainName(this, 'Domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS13_1_3_2025_09,
      endpointAccessMode: EndpointAccessMode.STRICT,
    });
    // Without a stage, the next path segment names it: /clinical/v1.
    for (const [capability, { api }] of Object.entries(apis))
      new BasePathMapping(this, `Mapping${capability}`, {
        domainName,
        restApi: api,
        basePath: capability,
        attachToStage: false,
      });
    new CfnOutput(this, 'DomainName', { value: domainName.domainName });
    new CfnOutput(this, 'DomainTarget', { value: domainName.domainNameAliasDomainName });
  }

  /** A domain of its own, because none can speak TLS 1.3 only and verify client certificates (ADR 18). */
  private partnerDomain(
    { name, certificateArn, truststore }: NonNullable<StageConfig['partnerDomain']>,
    apis: EdgeStackProps['partnerApis'],
  ): void {
    const { bucket, key, version } = truststore;
    const domainName = new DomainName(this, 'PartnerDomain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'PartnerCertificate', certificateArn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
      mtls: { bucket: Bucket.fromBucketName(this, 'Truststore', bucket), key, version },
    });
    for (const [capability, { api }] of Object.entries(apis))
      new BasePathMapping(this, `PartnerMapping${capability}`, {
        domainName,
        restApi: api,
        basePath: capability,
        attachToStage: false,
      });
    new CfnOutput(this, 'PartnerDomainName', { value: domainName.domainName });
    new CfnOutput(this, 'PartnerDomainTarget', { value: domainName.domainNameAliasDomainName });
  }

  /** Before the user pool's own pages, which applications send people to. */
  private loginFirewall(config: StageConfig, { userPool }: IdentityStack): CfnWebACL {
    const acl = new CfnWebACL(this, 'LoginFirewall', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: metrics('LoginFirewall'),
      dataProtectionConfig,
      rules: [
        rateRule('RatePerAddress', 0, config.perAddress.signIns),
        proofKeyRequired(1),
        managedRule('AWSManagedRulesAmazonIpReputationList', 2),
      ],
    });
    new CfnWebACLAssociation(this, 'ProtectsLogin', {
      webAclArn: acl.attrArn,
      resourceArn: userPool.userPoolArn,
    });
    return acl;
  }

  private firewall(
    config: StageConfig,
    apis: readonly (readonly [string, { readonly api: RestApi }])[],
  ): CfnWebACL {
    const acl = new CfnWebACL(this, 'Firewall', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: metrics('Firewall'),
      associationConfig: { requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: 'KB_64' } } },
      dataProtectionConfig,
      rules: [
        rateRule('RatePerAddress', 0, config.perAddress.requests),
        rateRule('SignInsPerAddress', 1, config.perAddress.signIns, signIns),
        oversizeBody(2),
        ...managedGroups.map((name, position) => managedRule(name, position + 3)),
      ],
    });
    for (const [capability, { api }] of apis)
      new CfnWebACLAssociation(this, `Protects${capability}`, {
        webAclArn: acl.attrArn,
        resourceArn: `arn:${this.partition}:apigateway:${this.region}::/restapis/${api.restApiId}/stages/${apiStageName}`,
      });
    return acl;
  }

  /** One log for both firewalls, with nothing in it that could tell of a person. */
  private logging(
    config: StageConfig,
    keys: KeysStack,
    firewalls: { readonly [id: string]: CfnWebACL },
  ): void {
    const log = new EncryptedLogGroup(this, 'FirewallLog', {
      config,
      encryptionKey: keys.logs,
      // WAF writes only to groups with this prefix.
      logGroupName: `aws-waf-logs-chartlock-${config.stage}`,
    });
    for (const [id, acl] of Object.entries(firewalls))
      new CfnLoggingConfiguration(this, id, {
        resourceArn: acl.attrArn,
        logDestinationConfigs: [log.logGroupArn],
        redactedFields: [
          { uriPath: {} },
          { queryString: {} },
          { singleHeader: { Name: 'authorization' } },
          { singleHeader: { Name: 'cookie' } },
        ],
      });
  }
}
