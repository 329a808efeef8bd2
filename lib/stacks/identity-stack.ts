import type { StackProps } from 'aws-cdk-lib';
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { CfnUserPool, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import {
  AccountRecovery,
  FeaturePlan,
  LambdaVersion,
  ManagedLoginVersion,
  Mfa,
  ResourceServerScope,
  UserPool,
  UserPoolOperation,
} from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { passkeyChallengeGrants, preTokenGrants } from '../../model/derive/grants.ts';
import { operations, scopesOpening } from '../../model/derive/operations.ts';
import type { StageConfig } from '../config/stage-config.ts';
import type { Stores } from '../constructs/data-access.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import type { KeysStack } from './keys-stack.ts';

/** What the user pool needs. */
export interface IdentityStackProps extends StackProps {
  readonly config: StageConfig;
  readonly keys: KeysStack;
  readonly stores: Stores;
}

/** How long a refresh token is good: as long as the longest session. */
export const refreshHours = ({ workforceSession, patientSession }: StageConfig): number =>
  Math.max(workforceSession.absoluteHours, patientSession.absoluteHours);

/** The scopes of the platform by their resource server: what stands before and after the slash. */
export const scopesByServer = (): ReadonlyMap<string, readonly string[]> => {
  const servers = new Map<string, Set<string>>();
  for (const scope of operations.flatMap(scopesOpening)) {
    const [server, name] = scope.split('/');
    if (server && name) servers.set(server, (servers.get(server) ?? new Set()).add(name));
  }
  return new Map([...servers].map(([server, names]) => [server, [...names].sort()]));
};

/**
 * The user pool, the trigger that puts tenant, role and scopes into its tokens, and the sign-in façade's client
 * (design.md §4).
 * @stateful
 */
export class IdentityStack extends Stack {
  readonly userPool: UserPool;
  readonly signInClient: UserPoolClient;
  /** What tokens say as `iss`. */
  readonly issuer: string;

  constructor(scope: Construct, id: string, { config, keys, stores, ...props }: IdentityStackProps) {
    super(scope, id, props);
    this.userPool = this.pool(keys);
    this.issuer = `https://cognito-idp.${this.region}.amazonaws.com/${this.userPool.userPoolId}`;
    const trigger = new ServiceFunction(this, 'PreToken', {
      name: 'pre-token',
      description: 'Puts tenant, role and scopes into access tokens',
      config,
      logsKey: keys.logs,
      fieldKey: keys.field,
      stores,
      grants: preTokenGrants,
      environment: {
        AUDIT_TABLE: stores.audit.table.tableName,
        DIRECTORY_TABLE: stores.directory.table.tableName,
        SESSIONS_TABLE: stores.sessions.table.tableName,
        ADMINISTRATIVE_FACTOR: config.administrativeFactor,
      },
      memorySize: 512,
      timeout: Duration.seconds(5),
      reservedConcurrency: config.concurrency.preToken,
    });
    this.userPool.addTrigger(
      UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      trigger.lambda,
      LambdaVersion.V3_0,
    );
    this.signInByPasskey(config, keys, stores);
    for (const [identifier, names] of scopesByServer())
      this.userPool.addResourceServer(`Scopes${identifier}`, {
        identifier,
        userPoolResourceServerName: identifier,
        scopes: names.map(
          (scopeName) =>
            new ResourceServerScope({ scopeName, scopeDescription: `${identifier}/${scopeName}` }),
        ),
      });
    this.signInClient = this.client(config);
    this.managedLogin(config.managedLogin);
    new CfnOutput(this, 'UserPoolId', { value: this.userPool.userPoolId });
    new CfnOutput(this, 'SignInClientId', { value: this.signInClient.userPoolClientId });
  }

  private pool(keys: KeysStack): UserPool {
    const pool = new UserPool(this, 'UserPool', {
      featurePlan: FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      standardAttributes: { email: { required: true, mutable: true } },
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { sms: false, otp: true },
      enableSmsRole: false,
      signInPolicy: { allowedFirstAuthFactors: { password: true } },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
        passwordHistorySize: 24,
        tempPasswordValidity: Duration.days(3),
      },
      accountRecovery: AccountRecovery.NONE,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const resource = pool.node.defaultChild as CfnUserPool;
    resource.keyConfiguration = { keyType: 'CUSTOMER_MANAGED_KEY', kmsKeyArn: keys.userPool.keyArn };
    return pool;
  }

  /** Cognito gives tokens to whom the façade has verified by a passkey, on the evidence of that. */
  private signInByPasskey(config: StageConfig, keys: KeysStack, stores: Stores): void {
    const { lambda } = new ServiceFunction(this, 'PasskeyChallenge', {
      name: 'passkey-challenge',
      description: 'Lets those in whom the sign-in façade has verified by a passkey',
      config,
      logsKey: keys.logs,
      fieldKey: keys.field,
      stores,
      grants: passkeyChallengeGrants,
      environment: { SESSIONS_TABLE: stores.sessions.table.tableName },
      memorySize: 512,
      timeout: Duration.seconds(5),
      reservedConcurrency: config.concurrency.passkeyChallenge,
    });
    for (const operation of [
      UserPoolOperation.DEFINE_AUTH_CHALLENGE,
      UserPoolOperation.CREATE_AUTH_CHALLENGE,
      UserPoolOperation.VERIFY_AUTH_CHALLENGE_RESPONSE,
    ])
      this.userPool.addTrigger(operation, lambda);
  }

  /** Where people sign in to registered applications; the façade's client has no part in it. */
  private managedLogin(domain: StageConfig['managedLogin']): void {
    const { domainName } = this.userPool.addDomain('ManagedLogin', {
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
      ...('prefix' in domain
        ? { cognitoDomain: { domainPrefix: domain.prefix } }
        : {
            customDomain: {
              domainName: domain.name,
              certificate: Certificate.fromCertificateArn(this, 'LoginCertificate', domain.certificateArn),
            },
          }),
    });
    new CfnOutput(this, 'ManagedLoginDomain', { value: domainName });
  }

  private client(config: StageConfig): UserPoolClient {
    return this.userPool.addClient('SignIn', {
      generateSecret: true,
      authFlows: { adminUserPassword: true, custom: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      authSessionValidity: Duration.minutes(10),
      accessTokenValidity: Duration.minutes(config.accessTokenMinutes),
      idTokenValidity: Duration.minutes(config.accessTokenMinutes),
      refreshTokenValidity: Duration.hours(refreshHours(config)),
    });
  }
}
