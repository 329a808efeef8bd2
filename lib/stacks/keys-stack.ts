import type { StackProps } from 'aws-cdk-lib';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnAccount } from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { grantsOf, operatorGrants } from '../../model/derive/grants.ts';
import { capabilities } from '../../model/vocabulary.ts';
import type { StageConfig } from '../config/stage-config.ts';
import {
  deploymentRole,
  ManagedKey,
  principalsLike,
  rolesUnder,
  storeActions,
} from '../constructs/managed-key.ts';
import { ownPath, tenantPath, tenantShape } from '../constructs/role-paths.ts';

/** What the keys need to know. */
export interface KeysStackProps extends StackProps {
  readonly config: StageConfig;
}

/** What Amazon Cognito does with a user pool's key (Cognito Developer Guide, "Data protection"). */
export const userPoolActions = [
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** What the sign-in façade seals, as it stands in the encryption context. */
export const tokenPurposes = ['challenge', 'refresh'] as const;

/**
 * The customer-managed keys, one for each kind of thing that different people may see.
 * @stateful
 */
export class KeysStack extends Stack {
  /** The root of field encryption: wraps the tenants' branch keys. */
  readonly field: ManagedKey;
  /** Records, sessions and directory at rest. */
  readonly data: ManagedKey;
  /** The keyring at rest, apart from what its keys open. */
  readonly keyring: ManagedKey;
  /** The audit table and archive at rest. */
  readonly audit: ManagedKey;
  /** Seals what the sign-in façade keeps of the identity provider's tokens. */
  readonly identity: ManagedKey;
  /** The user pool at rest. */
  readonly userPool: ManagedKey;
  /** Log groups at rest. */
  readonly logs: ManagedKey;

  constructor(scope: Construct, id: string, { config, ...props }: KeysStackProps) {
    super(scope, id, props);
    const { stage } = config;
    const administrators = config.keyAdministrators;
    const everyFunction = rolesUnder(this, `/chartlock/${stage}/`);
    const via = (service: string) => ({
      StringEquals: {
        'kms:CallerAccount': this.account,
        'kms:ViaService': `${service}.${this.region}.amazonaws.com`,
      },
    });
    const tables = (users: readonly string[]): PolicyStatement[] => [
      principalsLike(
        this,
        'TablesByFunctions',
        [...users, deploymentRole(this)],
        storeActions,
        via('dynamodb'),
      ),
      principalsLike(this, 'GrantsToTables', [deploymentRole(this)], ['kms:CreateGrant'], {
        ...via('dynamodb'),
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      }),
      new PolicyStatement({
        sid: 'HealthOfTables',
        principals: [new ServicePrincipal('dynamodb.amazonaws.com')],
        actions: ['kms:DescribeKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    ];
    const key = (name: string, description: string, uses: readonly PolicyStatement[]): ManagedKey =>
      new ManagedKey(this, name, { description, administrators, uses });

    this.field = key('Field', 'Root of field encryption: wraps branch keys', [
      ...capabilities
        .filter((capability) => grantsOf(capability).opens.length > 0)
        .map((capability) =>
          principalsLike(
            this,
            `OpenBranchKeysOf${capability}`,
            [rolesUnder(this, tenantPath(stage, capability))],
            ['kms:Decrypt'],
            {
              StringEquals: {
                'kms:EncryptionContext:tenant': '${aws:PrincipalTag/tenant}',
                'kms:EncryptionContext:compartment': grantsOf(capability).opens,
              },
            },
          ),
        ),
      principalsLike(
        this,
        'MakeBranchKeys',
        [rolesUnder(this, ownPath(stage, 'operator'))],
        ['kms:GenerateDataKeyWithoutPlaintext'],
        {
          StringLike: { 'kms:EncryptionContext:tenant': tenantShape },
          StringEquals: { 'kms:EncryptionContext:compartment': operatorGrants.makes },
        },
      ),
    ]);
    this.data = key('Data', 'Records, sessions and directory at rest', tables([everyFunction]));
    this.keyring = key(
      'Keyring',
      'Keyring at rest',
      tables([rolesUnder(this, tenantPath(stage, 'clinical')), rolesUnder(this, ownPath(stage, 'operator'))]),
    );
    this.audit = key('Audit', 'Audit table and archive at rest', tables([everyFunction]));
    this.identity = key('Identity', 'Seals identity provider tokens', [
      principalsLike(
        this,
        'SealTokens',
        [rolesUnder(this, ownPath(stage, 'identity'))],
        ['kms:Decrypt', 'kms:Encrypt'],
        { StringEquals: { 'kms:EncryptionContext:purpose': tokenPurposes } },
      ),
    ]);
    this.userPool = key('UserPool', 'User pool at rest', this.userPoolUses(stage));
    this.gatewayLogging();
    this.logs = key('Logs', 'Log groups at rest', [
      new PolicyStatement({
        sid: 'LogGroups',
        principals: [new ServicePrincipal(`logs.${this.region}.amazonaws.com`)],
        actions: [...storeActions],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': this.formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: '*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    ]);
  }

  /** API Gateway writes the logs of every API of an account and region under one role. */
  private gatewayLogging(): void {
    const role = new Role(this, 'GatewayLogRole', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs'),
      ],
    });
    new CfnAccount(this, 'GatewayAccount', { cloudWatchRoleArn: role.roleArn });
  }

  private userPoolUses(stage: StageConfig['stage']): PolicyStatement[] {
    const services = [
      new ServicePrincipal('cognito-idp.amazonaws.com'),
      new ServicePrincipal('identitystore.amazonaws.com'),
    ];
    const pools = this.formatArn({ service: 'cognito-idp', resource: 'userpool', resourceName: '*' });
    const source = {
      StringEquals: { 'aws:SourceAccount': this.account },
      ArnLike: { 'aws:SourceArn': pools },
    };
    const ofPools = { StringLike: { 'kms:EncryptionContext:aws:cognito-idp:userpool-arn': pools } };
    const through = { StringEquals: { 'kms:ViaService': `cognito-idp.${this.region}.amazonaws.com` } };
    const callers = [
      rolesUnder(this, ownPath(stage, 'identity')),
      rolesUnder(this, ownPath(stage, 'operator')),
      deploymentRole(this),
    ];
    return [
      new PolicyStatement({
        sid: 'UserPools',
        principals: services,
        actions: [...userPoolActions],
        resources: ['*'],
        conditions: { ...source, ...ofPools },
      }),
      new PolicyStatement({
        sid: 'HealthOfUserPools',
        principals: services,
        actions: ['kms:DescribeKey'],
        resources: ['*'],
        conditions: source,
      }),
      principalsLike(this, 'ThroughUserPools', callers, userPoolActions, { ...through, ...ofPools }),
      principalsLike(this, 'DescribeThroughUserPools', callers, ['kms:DescribeKey'], through),
    ];
  }
}
