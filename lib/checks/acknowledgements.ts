import { operations } from '../../model/derive/operations.ts';

/** A rule that a construct does not follow, and why that is right. */
export interface Acknowledgement {
  readonly rules: readonly string[];
  /** The construct's path, beginning with the stack's short name. */
  readonly path: string;
  readonly reason: string;
}

const apis = ['clinical-api', 'identity-api', 'partner-api'] as const;
const scheduled = 'identity-api/AccessReview/Function';
const lambdas = [
  'clinical-api/Service/Function',
  'identity-api/Service/Function',
  'identity-api/Operator/Function',
  scheduled,
  'identity/PreToken/Function',
  'identity/PasskeyChallenge/Function',
] as const;

const ofGateways = (stack: string): Acknowledgement[] => [
  {
    rules: ['AwsSolutions-APIG3', 'NIST.800.53.R5-APIGWAssociatedWithWAF'],
    path: `${stack}/Api/DeploymentStage.v1`,
    reason:
      'The firewall is associated with this stage in the edge stack, which the rule does not look into; test/synth/edge.test.ts does.',
  },
  {
    rules: ['HIPAA.Security-APIGWCacheEnabledAndEncrypted', 'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted'],
    path: `${stack}/Api/DeploymentStage.v1`,
    reason:
      'Answers hold PHI and say no-store; the gateway does not cache them, so there is no cache to encrypt.',
  },
  {
    rules: ['HIPAA.Security-APIGWSSLEnabled', 'NIST.800.53.R5-APIGWSSLEnabled'],
    path: `${stack}/Api/DeploymentStage.v1`,
    reason:
      'A client certificate proves the gateway to an HTTP backend; this backend is a function, invoked by IAM with one permission.',
  },
  {
    rules: ['HIPAA.Security-APIGWXrayEnabled'],
    path: `${stack}/Api/DeploymentStage.v1`,
    reason:
      'A trace holds the full URL with record ids outside of the audit store; latencies and request ids are in the access log, accesses in the audit trail.',
  },
];

const withoutDeadLetters = (path: string, reason: string): Acknowledgement => ({
  rules: ['HIPAA.Security-LambdaDLQ', 'NIST.800.53.R5-LambdaDLQ'],
  path,
  reason,
});

const ofLambdas = (path: string): Acknowledgement[] => [
  path === scheduled
    ? withoutDeadLetters(
        path,
        'A schedule’s event holds nothing: the next one does what a failed run has left, and the failure is in its log and metrics.',
      )
    : withoutDeadLetters(
        path,
        'Invoked synchronously only: a failure is the caller’s answer, and a dead-letter queue would stay empty.',
      ),
  {
    rules: ['HIPAA.Security-LambdaInsideVPC', 'NIST.800.53.R5-LambdaInsideVPC'],
    path,
    reason:
      'It calls AWS services over TLS only, with credentials limited to its own items and keys; a VPC would add endpoints to keep and no boundary that IAM does not draw.',
  },
];

const ofPublicOperations = (): Acknowledgement[] =>
  operations
    .filter(({ scope }) => scope === undefined)
    .map(({ capability, path, method, id }) => ({
      rules: ['AwsSolutions-APIG4', 'AwsSolutions-COG4'],
      path: `${capability}-api/Api/Default${path}/${method}`,
      reason: `${id} is declared public: it is a step of signing in, before there is a token.`,
    }));

/** Every rule of the packs that the platform does not follow, where, and why. */
export const acknowledgements: readonly Acknowledgement[] = [
  ...apis.flatMap(ofGateways),
  ...lambdas.flatMap(ofLambdas),
  ...ofPublicOperations(),
  {
    rules: ['AwsSolutions-COG8'],
    path: 'identity/UserPool',
    reason:
      'MFA is required of everyone, and the sign-in façade counts failures and audits every outcome; the Plus plan is a matter of price and left to the stage.',
  },
  {
    rules: [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    ],
    path: 'keys/GatewayLogRole',
    reason:
      'API Gateway accepts no account role with less than this policy, and only API Gateway can take it on.',
  },
  {
    rules: [
      'AwsSolutions-S1',
      'HIPAA.Security-S3BucketLoggingEnabled',
      'NIST.800.53.R5-S3BucketLoggingEnabled',
    ],
    path: 'audit/Archive',
    reason:
      'Access to the archive is recorded by CloudTrail data events, which are complete and signed; server access logs are neither.',
  },
  {
    rules: ['HIPAA.Security-S3BucketReplicationEnabled', 'NIST.800.53.R5-S3BucketReplicationEnabled'],
    path: 'audit/Archive',
    reason:
      'Object Lock keeps every version in three zones; a copy in another Region belongs to the disaster recovery plan, with a key and a lock there.',
  },
];
