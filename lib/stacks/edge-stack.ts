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

const managedRule = (
  name: string,
  priority: number,
  scopeDownStatement?: CfnWebACL.StatementProperty,
): CfnWebACL.RuleProperty => ({
  name,
  priority,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name,
      ...(scopeDownStatement && { scopeDownStatement }),
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

const asItIs: CfnWebACL.TextTransformationProperty[] = [{ priority: 0, type: 'NONE' }];
const allOf = (...statements: CfnWebACL.StatementProperty[]): CfnWebACL.StatementProperty => ({
  andStatement: { statements },
});
const anyOf = (...statements: CfnWebACL.StatementProperty[]): CfnWebACL.StatementProperty => ({
  orStatement: { statements },
});
const not = (statement: CfnWebACL.StatementProperty): CfnWebACL.StatementProperty => ({
  notStatement: { statement },
});
const path = (
  positionalConstraint: 'EXACTLY' | 'STARTS_WITH',
  searchString: string,
): CfnWebACL.StatementProperty => ({
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint,
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
    textTransformations: asItIs,
  },
});

/** The header by which a request names an operation of the user pool's API (AWS JSON 1.1). */
const operationHeader = { singleHeader: { Name: 'x-amz-target' } };
/** The operations without a signature that the façade calls; those with one do not pass here. */
const facadeOperations = [
  'AssociateSoftwareToken',
  'GetTokensFromRefreshToken',
  'RevokeToken',
  'VerifySoftwareToken',
] as const;
const isOfFacade = anyOf(
  ...facadeOperations.map((operation) => ({
    byteMatchStatement: {
      fieldToMatch: operationHeader,
      positionalConstraint: 'EXACTLY',
      searchString: `AWSCognitoIdentityProviderService.${operation}`,
      textTransformations: asItIs,
    },
  })),
);
const namesOperation: CfnWebACL.StatementProperty = {
  sizeConstraintStatement: {
    fieldToMatch: operationHeader,
    comparisonOperator: 'GT',
    size: 0,
    textTransformations: asItIs,
  },
};
/** Where the API is, also by the protocols that name the operation in the path; managed login has no page there. */
const atApi = anyOf(path('EXACTLY', '/'), path('STARTS_WITH', '/service/'));
/** Everything but the façade's calls, which all come from few addresses. */
const notOfFacade = not(allOf(path('EXACTLY', '/'), isOfFacade));

/**
 * People sign in by the façade or at managed login's pages, where their attempts are counted: of the user pool's API nobody
 * else needs anything, so that no client can try passwords there (requirement B8).
 */
const facadeOperationsOnly = (priority: number): CfnWebACL.RuleProperty => ({
  name: 'FacadeOperationsOnly',
  priority,
  action: { block: {} },
  statement: allOf(anyOf(namesOperation, atApi), not(isOfFacade)),
  visibilityConfig: metrics('FacadeOperationsOnly'),
});

/**
 * Cognito lets a client leave PKCE out, which OAuth 2.1 §7.6 does not, and goes on by its cookie where nobody may be present
 * any more: a sign-in begins, at either page, only with a proof key, and asks the person again (OpenID Connect Core §3.1.2.1;
 * 45 CFR 164.312(a)(2)(iii)).
 */
const provenSignIn = (priority: number): CfnWebACL.RuleProperty => ({
  name: 'ProvenSignIn',
  priority,
  action: { block: {} },
  statement: allOf(
    anyOf(path('STARTS_WITH', '/oauth2/authorize'), path('STARTS_WITH', '/login')),
    not(
      allOf(
        inQuery('response_type', 'code'),
        inQuery('code_challenge_method', 'S256'),
        inQuery('prompt', 'login'),
      ),
    ),
  ),
  visibilityConfig: metrics('ProvenSignIn'),
});

/** Headers whose values let their holder act. */
const secretHeaders = ['authorization', 'cookie', 'idempotency-key', 'x-step-up-proof'] as const;

/** What neither a log nor a console may hold of a request. */
const dataProtectionConfig: CfnWebACL.DataProtectionConfigProperty = {
  dataProtections: [
    ...secretHeaders.map((header) => ({
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

  /** Before the user pool: its own pages, which applications send people to, and what of its API needs no signature. */
  private loginFirewall(config: StageConfig, { userPool }: IdentityStack): CfnWebACL {
    const acl = new CfnWebACL(this, 'LoginFirewall', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: metrics('LoginFirewall'),
      dataProtectionConfig,
      rules: [
        facadeOperationsOnly(0),
        rateRule('RatePerAddress', 1, config.perAddress.signIns, notOfFacade),
        provenSignIn(2),
        managedRule('AWSManagedRulesAmazonIpReputationList', 3, notOfFacade),
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
          ...secretHeaders.map((Name) => ({ singleHeader: { Name } })),
        ],
      });
  }
}
