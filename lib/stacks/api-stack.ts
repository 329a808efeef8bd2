import type { StackProps } from 'aws-cdk-lib';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { grantsOf } from '../../model/derive/grants.ts';
import { operations, scopesOpening } from '../../model/derive/operations.ts';
import type { Capability } from '../../model/vocabulary.ts';
import { basePath } from '../../model/vocabulary.ts';
import type { StageConfig } from '../config/stage-config.ts';
import type { Stores } from '../constructs/data-access.ts';
import { addExplicitApi } from '../constructs/explicit-api.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import type { IdentityStack } from './identity-stack.ts';
import type { KeysStack } from './keys-stack.ts';

/** What an API and its function need. */
export interface ApiStackProps extends StackProps {
  readonly config: StageConfig;
  readonly capability: Capability;
  readonly description: string;
  readonly keys: KeysStack;
  readonly stores: Stores;
  readonly identity: IdentityStack;
  /** What the function's own role may do beside its tables. @default nothing */
  readonly statements?: readonly PolicyStatement[];
  /** What the function needs to know beside what every API's function does. @default nothing */
  readonly environment?: { readonly [name: string]: string };
}

/** What the function of every API is told. */
const apiEnvironment = (
  { stepUpMinutes, workforceSession, patientSession }: StageConfig,
  identity: IdentityStack,
  stores: Stores,
): Record<string, string> => ({
  AUDIT_TABLE: stores.audit.table.tableName,
  DIRECTORY_TABLE: stores.directory.table.tableName,
  SESSIONS_TABLE: stores.sessions.table.tableName,
  ISSUER: identity.issuer,
  USER_POOL_ID: identity.userPool.userPoolId,
  CLIENT_IDS: identity.signInClient.userPoolClientId,
  STEP_UP_SECONDS: `${stepUpMinutes * 60}`,
  WORKFORCE_IDLE_SECONDS: `${workforceSession.idleMinutes * 60}`,
  WORKFORCE_ABSOLUTE_SECONDS: `${workforceSession.absoluteHours * 3600}`,
  PATIENT_IDLE_SECONDS: `${patientSession.idleMinutes * 60}`,
  PATIENT_ABSOLUTE_SECONDS: `${patientSession.absoluteHours * 3600}`,
});

/**
 * One capability's REST API and function: one explicit route for each of its operations (design.md §2, §3).
 * @stateless
 */
export class ApiStack extends Stack {
  readonly api: RestApi;
  readonly function: ServiceFunction;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    const {
      config,
      capability,
      description,
      keys,
      stores,
      identity,
      statements,
      environment,
      ...stackProps
    } = props;
    super(scope, id, { description, ...stackProps });
    this.function = new ServiceFunction(this, 'Service', {
      name: capability,
      description,
      config,
      logsKey: keys.logs,
      fieldKey: keys.field,
      stores,
      grants: grantsOf(capability),
      environment: { ...apiEnvironment(config, identity, stores), ...environment },
      ...(statements && { statements }),
      memorySize: 1024,
      timeout: Duration.seconds(15),
      reservedConcurrency: config.concurrency[capability],
    });
    this.api = addExplicitApi(this, {
      config,
      description,
      logsKey: keys.logs,
      userPool: identity.userPool,
      lambda: this.function.lambda,
      routes: operations
        .filter((operation) => operation.capability === capability)
        .map((operation) => ({ ...operation, scopes: scopesOpening(operation) })),
      hasDomain: config.domain !== undefined,
      tls: '1.3',
    });
    new CfnOutput(this, 'BasePath', { value: basePath(capability) });
    new CfnOutput(this, 'FunctionName', { value: this.function.lambda.functionName });
  }
}
