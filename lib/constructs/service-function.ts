import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Duration } from 'aws-cdk-lib';
import {
  ArnPrincipal,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
  SessionTagsPrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { FunctionGrants } from '../../model/derive/grants.ts';
import type { StageConfig } from '../config/stage-config.ts';
import type { Stores } from './data-access.ts';
import { makeKeyStatements, openKeyStatements, tableStatements } from './data-access.ts';
import { EncryptedLogGroup } from './encrypted-log-group.ts';
import type { FunctionName } from './role-paths.ts';
import { ownPath, platformTenant, tenantPath, tenantShape } from './role-paths.ts';

/** What makes one function. */
export interface ServiceFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly config: StageConfig;
  readonly logsKey: IKey;
  readonly fieldKey: IKey;
  readonly stores: Stores;
  readonly grants: FunctionGrants;
  /** What else its own role may do. @default nothing */
  readonly statements?: readonly PolicyStatement[];
  readonly environment: { readonly [name: string]: string };
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly reservedConcurrency: number;
}

const bundleOf = (scope: Construct, name: FunctionName): string => {
  const root = scope.node.tryGetContext('bundles') ?? join(import.meta.dirname, '../../.build/lambdas');
  const directory = join(String(root), name);
  if (!existsSync(join(directory, 'index.mjs')))
    throw new Error(`the bundle of function ${name} is missing: run npm run bundle first`);
  return directory;
};

/**
 * A function on Node 24 and arm64 with a role, a log and a share of concurrency of its own. Data of a tenant it
 * reaches only under a second role, taken on with the tenant as a session tag.
 */
export class ServiceFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { config, name, grants } = props;
    const logGroup = new EncryptedLogGroup(this, 'Log', { config, encryptionKey: props.logsKey });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      path: ownPath(config.stage, name),
      description: `Runs ${name}`,
    });
    const tenantRole = grants.tenant.length > 0 ? this.tenantRole(role, props) : undefined;
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `What ${name} does for itself`,
      roles: [role],
      statements: [
        new PolicyStatement({
          sid: 'OwnLog',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
        ...(tenantRole
          ? [
              new PolicyStatement({
                sid: 'OneTenant',
                actions: ['sts:AssumeRole', 'sts:TagSession'],
                resources: [tenantRole.roleArn],
              }),
            ]
          : []),
        ...tableStatements(this, props.stores, grants.own),
        ...makeKeyStatements(props.fieldKey, grants),
        ...(props.statements ?? []),
      ],
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundleOf(this, name)),
      handler: 'index.handler',
      role: role.withoutPolicyUpdates(),
      memorySize: props.memorySize,
      timeout: props.timeout,
      reservedConcurrentExecutions: props.reservedConcurrency,
      recursiveLoop: RecursiveLoop.TERMINATE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: {
        STAGE: config.stage,
        ...props.environment,
        ...(tenantRole && { TENANT_ROLE_ARN: tenantRole.roleArn }),
      },
    });
    this.lambda.node.addDependency(policy);
  }

  private tenantRole(
    functionRole: Role,
    { config, name, stores, grants, fieldKey }: ServiceFunctionProps,
  ): Role {
    const role = new Role(this, 'TenantRole', {
      assumedBy: new SessionTagsPrincipal(new ArnPrincipal(functionRole.roleArn)).withConditions({
        StringLike: { 'aws:RequestTag/tenant': [tenantShape, platformTenant] },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['tenant'] },
      }),
      path: tenantPath(config.stage, name),
      description: `What ${name} does for one tenant`,
    });
    new ManagedPolicy(this, 'TenantPolicy', {
      description: `What ${name} does for the tenant in its session tag`,
      roles: [role],
      statements: [...tableStatements(this, stores, grants.tenant), ...openKeyStatements(fieldKey, grants)],
    });
    return role;
  }
}
