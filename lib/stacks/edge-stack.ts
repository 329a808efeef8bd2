import type { StackProps } from 'aws-cdk-lib';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import {
  BasePathMapping,
  DomainName,
  EndpointAccessMode,
  EndpointType,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stage-config.ts';
import { EncryptedLogGroup } from '../constructs/encrypted-log-group.ts';
import { inspectedBytes } from '../constructs/inspected-bytes.ts';
import type { ApiStack } from './api-stack.ts';
import { apiStageName } from './api-stack.ts';
import type { KeysStack } from './keys-stack.ts';

/** What the edge needs. */
export interface EdgeStackProps extends StackProps {
  readonly config: StageConfig;
  readonly keys: KeysStack;
  /** The APIs by their capability, which is their base path. */
  readonly apis: { readonly [capability: string]: ApiStack };
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

/**
 * What stands before the APIs: the domain, which speaks TLS 1.3 only, and the firewall, which blocks.
 * @stateless
 */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, { config, keys, apis, ...props }: EdgeStackProps) {
    super(scope, id, props);
    if (config.domain) this.domain(config.domain, apis);
    this.firewall(config, keys, Object.entries(apis));
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

  private firewall(config: StageConfig, keys: KeysStack, apis: readonly [string, ApiStack][]): void {
    const acl = new CfnWebACL(this, 'Firewall', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: metrics('Firewall'),
      associationConfig: { requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: 'KB_64' } } },
      dataProtectionConfig: {
        dataProtections: [
          ...['authorization', 'cookie', 'idempotency-key'].map((header) => ({
            field: { fieldType: 'SINGLE_HEADER', fieldKeys: [header] },
            action: 'SUBSTITUTION',
          })),
          { field: { fieldType: 'QUERY_STRING' }, action: 'SUBSTITUTION' },
          { field: { fieldType: 'BODY' }, action: 'SUBSTITUTION' },
        ],
      },
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
    const log = new EncryptedLogGroup(this, 'FirewallLog', {
      config,
      encryptionKey: keys.logs,
      // WAF writes only to groups with this prefix.
      logGroupName: `aws-waf-logs-chartlock-${config.stage}`,
    });
    new CfnLoggingConfiguration(this, 'FirewallLogging', {
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
