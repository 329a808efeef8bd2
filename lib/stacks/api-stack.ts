import type { StackProps } from 'aws-cdk-lib';
import { ArnFormat, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { CfnRestApi, IAuthorizer, IRequestValidator, Method } from 'aws-cdk-lib/aws-apigateway';
import {
  AccessLogFormat,
  AuthorizationType,
  CognitoUserPoolsAuthorizer,
  EndpointType,
  Integration,
  IntegrationType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPermission, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { grantsOf } from '../../model/derive/grants.ts';
import type { Operation } from '../../model/derive/operations.ts';
import { operations, scopesOpening } from '../../model/derive/operations.ts';
import type { Capability } from '../../model/vocabulary.ts';
import { basePath } from '../../model/vocabulary.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { accessLogFields } from '../constructs/access-log-fields.ts';
import type { Stores } from '../constructs/data-access.ts';
import { EncryptedLogGroup } from '../constructs/encrypted-log-group.ts';
import { addProblemResponses } from '../constructs/problem-responses.ts';
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

/** The gateway's stage: the API's version. */
export const apiStageName = 'v1';

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
    this.api = this.restApi(config, keys, description);
    addProblemResponses(this.api);
    this.routes(
      operations.filter((operation) => operation.capability === capability),
      identity,
    );
    this.invocation(this.function.lambda);
    new CfnOutput(this, 'ApiId', { value: this.api.restApiId });
    new CfnOutput(this, 'ApiStage', { value: apiStageName });
    new CfnOutput(this, 'BasePath', { value: basePath(capability) });
    new CfnOutput(this, 'FunctionName', { value: this.function.lambda.functionName });
  }

  private restApi(config: StageConfig, keys: KeysStack, description: string): RestApi {
    const accessLog = new EncryptedLogGroup(this, 'AccessLog', { config, encryptionKey: keys.logs });
    const api = new RestApi(this, 'Api', {
      description,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      disableExecuteApiEndpoint: config.domain !== undefined,
      deployOptions: {
        stageName: apiStageName,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
        loggingLevel: MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        metricsEnabled: true,
        throttlingRateLimit: config.throttle.ratePerSecond,
        throttlingBurstLimit: config.throttle.burst,
      },
    });
    const resource = api.node.defaultChild as CfnRestApi;
    resource.securityPolicy = SecurityPolicy.TLS13_1_3_2025_09;
    resource.endpointAccessMode = 'STRICT';
    // API Gateway would make this group itself, without our key and for ever.
    const executionLog = new EncryptedLogGroup(this, 'ExecutionLog', {
      config,
      encryptionKey: keys.logs,
      logGroupName: `API-Gateway-Execution-Logs_${api.restApiId}/${apiStageName}`,
    });
    api.deploymentStage.node.addDependency(executionLog);
    return api;
  }

  private routes(own: readonly Operation[], identity: IdentityStack): void {
    const authorizer = new CognitoUserPoolsAuthorizer(this, 'Authorizer', {
      cognitoUserPools: [identity.userPool],
      resultsCacheTtl: Duration.seconds(0),
    });
    const requestValidator = this.api.addRequestValidator('Requests', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const integration = this.integration();
    for (const operation of own) this.route(operation, integration, authorizer, requestValidator);
  }

  private route(
    operation: Operation,
    integration: Integration,
    authorizer: IAuthorizer,
    requestValidator: IRequestValidator,
  ): Method {
    const { path, method } = operation;
    const scopes = scopesOpening(operation);
    const access =
      scopes.length > 0
        ? { authorizer, authorizationType: AuthorizationType.COGNITO, authorizationScopes: [...scopes] }
        : { authorizationType: AuthorizationType.NONE };
    const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `method.request.path.${name}`);
    return this.api.root.resourceForPath(path).addMethod(method, integration, {
      ...access,
      requestValidator,
      requestParameters: Object.fromEntries(pathParameters.map((name) => [name, true])),
    });
  }

  private integration(): Integration {
    return new Integration({
      type: IntegrationType.AWS_PROXY,
      integrationHttpMethod: 'POST',
      uri: this.formatArn({
        service: 'apigateway',
        account: 'lambda',
        resource: 'path',
        resourceName: `2015-03-31/functions/${this.function.lambda.functionArn}/invocations`,
      }),
    });
  }

  /** One permission for all routes of the deployed stage, and none for the console's test call. */
  private invocation(lambda: LambdaFunction): void {
    new CfnPermission(this, 'Invocation', {
      action: 'lambda:InvokeFunction',
      functionName: lambda.functionArn,
      principal: 'apigateway.amazonaws.com',
      sourceAccount: this.account,
      sourceArn: this.formatArn({
        service: 'execute-api',
        resource: this.api.restApiId,
        resourceName: `${apiStageName}/*/*`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    });
  }
}
