import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** What makes one customer-managed key. */
export interface ManagedKeyProps {
  readonly description: string;
  /** ARNs of the roles that administer the key; an explicit denial keeps them from using it. */
  readonly administrators: readonly string[];
  /** Who uses it for what; nobody else does. */
  readonly uses: readonly PolicyStatement[];
}

/** What a caller needs of a key to work with a store that the key encrypts. */
export const storeActions = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

const reading = [
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
];
const lifecycle = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
];
/** Every cryptographic operation, and the two by which a principal could give one to itself. */
const use = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:Encrypt',
  'kms:GenerateDataKey*',
  'kms:GenerateMac',
  'kms:GenerateRandom',
  'kms:PutKeyPolicy',
  'kms:ReEncrypt*',
  'kms:Sign',
  'kms:Verify*',
];

/** The role with which CloudFormation deploys, made by `cdk bootstrap`. */
export const deploymentRole = (scope: Construct): string => {
  const stack = Stack.of(scope);
  const qualifier = stack.synthesizer.bootstrapQualifier ?? 'hnb659fds';
  return `arn:${stack.partition}:iam::${stack.account}:role/cdk-${qualifier}-cfn-exec-role-${stack.account}-${stack.region}`;
};

/** The ARN pattern of every role with a path that begins so. */
export const rolesUnder = (scope: Construct, path: string): string =>
  Stack.of(scope).formatArn({
    service: 'iam',
    region: '',
    resource: 'role',
    resourceName: `${path.slice(1)}*`,
  });

/** The principals of this account whose ARN is like one of these, as far as their own policies allow too. */
export const principalsLike = (
  scope: Construct,
  sid: string,
  arns: readonly string[],
  actions: readonly string[],
  conditions: Record<string, Record<string, unknown>> = {},
): PolicyStatement =>
  new PolicyStatement({
    sid,
    principals: [new AccountPrincipal(Stack.of(scope).account)],
    actions: [...actions],
    resources: ['*'],
    conditions: {
      ...conditions,
      ArnLike: { ...conditions.ArnLike, 'aws:PrincipalArn': arns },
    },
  });

/**
 * A symmetric customer-managed key, rotated yearly, whose administration and use are apart: administrators keep its
 * life cycle and can never use it, only the deployment changes its policy, and only the named users use it.
 * The account's root user may change the policy too, so that the key cannot be locked out.
 */
export class ManagedKey extends Key {
  constructor(scope: Construct, id: string, { description, administrators, uses }: ManagedKeyProps) {
    const account = Stack.of(scope).account;
    const root = `arn:${Stack.of(scope).partition}:iam::${account}:root`;
    super(scope, id, {
      description,
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.RETAIN,
      policy: new PolicyDocument({
        statements: [
          principalsLike(scope, 'Administration', administrators, [...reading, ...lifecycle]),
          principalsLike(scope, 'SlowDestruction', administrators, ['kms:ScheduleKeyDeletion'], {
            NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '30' },
          }),
          new PolicyStatement({
            sid: 'NoUseByAdministrators',
            effect: Effect.DENY,
            principals: [new AccountPrincipal(account)],
            actions: use,
            resources: ['*'],
            conditions: { ArnLike: { 'aws:PrincipalArn': administrators } },
          }),
          principalsLike(
            scope,
            'PolicyByDeployment',
            [deploymentRole(scope), root],
            [...reading, ...lifecycle, 'kms:PutKeyPolicy'],
          ),
          ...uses,
        ],
      }),
    });
  }
}
