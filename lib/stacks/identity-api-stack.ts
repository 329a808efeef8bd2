import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { accessReviewGrants, operatorGrants } from '../../model/derive/grants.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import type { ApiStackProps } from './api-stack.ts';
import { ApiStack } from './api-stack.ts';
import type { IdentityStack } from './identity-stack.ts';
import { refreshHours } from './identity-stack.ts';
import type { KeysStack } from './keys-stack.ts';
import { tokenPurposes, userPoolActions } from './keys-stack.ts';

const poolStatements = (
  identity: IdentityStack,
  keys: KeysStack,
  actions: readonly string[],
): PolicyStatement[] => [
  new PolicyStatement({
    sid: 'UserPool',
    actions: actions.map((action) => `cognito-idp:${action}`),
    resources: [identity.userPool.userPoolArn],
  }),
  new PolicyStatement({
    sid: 'UserPoolAtRest',
    actions: [...userPoolActions, 'kms:DescribeKey'],
    resources: [keys.userPool.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `cognito-idp.${identity.region}.amazonaws.com` } },
  }),
];

/**
 * The identity API: the sign-in façade and users, the function by which an operator sets up tenants, and the one that reviews
 * access every day.
 * @stateless
 */
export class IdentityApiStack extends ApiStack {
  readonly operator: ServiceFunction;
  readonly accessReview: ServiceFunction;

  constructor(
    scope: Construct,
    id: string,
    props: Omit<ApiStackProps, 'capability' | 'statements' | 'environment'>,
  ) {
    const { config, keys, stores, identity } = props;
    super(scope, id, {
      ...props,
      capability: 'identity',
      environment: {
        IDENTITY_KEY_ARN: keys.identity.keyArn,
        ACCESS_MINUTES: `${config.accessTokenMinutes}`,
        REFRESH_MINUTES: `${refreshHours(config) * 60}`,
        SIGN_IN_CLIENT_ID: identity.signInClient.userPoolClientId,
        RELYING_PARTY_ID: config.passkeys.relyingParty,
        PASSKEY_ORIGINS: config.passkeys.origins.join(','),
      },
      statements: [
        ...poolStatements(identity, keys, [
          'AddUserPoolClientSecret',
          'AdminCreateUser',
          'AdminDeleteSoftwareToken',
          'AdminDeleteUser',
          'AdminDisableUser',
          'AdminEnableUser',
          'AdminGetUser',
          'AdminInitiateAuth',
          'AdminRespondToAuthChallenge',
          'AdminSetUserPassword',
          'AdminUserGlobalSignOut',
          'CreateManagedLoginBranding',
          'CreateUserPoolClient',
          'DeleteUserPoolClient',
          'DeleteUserPoolClientSecret',
          'DescribeUserPoolClient',
          'ListUserPoolClientSecrets',
        ]),
        new PolicyStatement({
          sid: 'SealTokens',
          actions: ['kms:Encrypt', 'kms:Decrypt'],
          resources: [keys.identity.keyArn],
          conditions: {
            StringEquals: { 'kms:EncryptionContext:purpose': tokenPurposes },
            'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['purpose', 'id'] },
          },
        }),
      ],
    });
    this.operator = new ServiceFunction(this, 'Operator', {
      name: 'operator',
      description: 'Sets up tenants and their first administrators; invoked directly by operators',
      config,
      logsKey: keys.logs,
      fieldKey: keys.field,
      stores,
      grants: operatorGrants,
      statements: poolStatements(identity, keys, [
        'AdminCreateUser',
        'AdminDeleteUser',
        'AdminEnableUser',
        'AdminGetUser',
        'AdminSetUserPassword',
      ]),
      environment: {
        AUDIT_TABLE: stores.audit.table.tableName,
        DIRECTORY_TABLE: stores.directory.table.tableName,
        USER_POOL_ID: identity.userPool.userPoolId,
        KEYRING_TABLE: stores.keyring.table.tableName,
        FIELD_KEY_ARN: keys.field.keyArn,
      },
      memorySize: 512,
      timeout: Duration.seconds(60),
      reservedConcurrency: config.concurrency.operator,
    });
    this.accessReview = new ServiceFunction(this, 'AccessReview', {
      name: 'access-review',
      description: 'Does every day what reviews of access ask for',
      config,
      logsKey: keys.logs,
      fieldKey: keys.field,
      stores,
      grants: accessReviewGrants,
      environment: {
        AUDIT_TABLE: stores.audit.table.tableName,
        DIRECTORY_TABLE: stores.directory.table.tableName,
        SESSIONS_TABLE: stores.sessions.table.tableName,
      },
      memorySize: 512,
      timeout: Duration.minutes(15),
      reservedConcurrency: 1,
    });
    new Rule(this, 'EveryDay', {
      description: 'Reviews of access are due by the day',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new LambdaFunction(this.accessReview.lambda)],
    });
    new CfnOutput(this, 'AccessReviewFunctionName', { value: this.accessReview.lambda.functionName });
    new CfnOutput(this, 'OperatorFunctionName', { value: this.operator.lambda.functionName });
  }
}
