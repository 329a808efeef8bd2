import { ArnFormat, CfnOutput, Duration, type Stack } from 'aws-cdk-lib';
import type { CfnRestApi, Method } from 'aws-cdk-lib/aws-apigateway';
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
import type { IUserPool } from 'aws-cdk-lib/aws-cognito';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Operation } from '../../model/derive/operations.ts';
import type { StageConfig } from '../config/stage-config.ts';
import { accessLogFields } from './access-log-fields.ts';
import { EncryptedLogGroup } from './encrypted-log-group.ts';
import { addProblemResponses } from './problem-responses.ts';

/** A route of an API, and the scopes that open it; without one it is open before sign-in. */
export interface ApiRoute extends Pick<Operation, 'method' | 'path'> {
  readonly scopes: readonly string[];
}

/** What an API needs. */
export interface ExplicitApiProps {
  readonly config: StageConfig;
  readonly description: string;
  readonly logsKey: IKey;
  readonly userPool: IUserPool;
  readonly lambda: IFunction;
  readonly routes: readonly ApiRoute[];
  /** Whether it is called under a domain only. */
  readonly hasDomain: boolean;
  /** TLS 1.3 for everyone; TLS 1.2 under the partners' domain, which verifies client certificates (ADR 18). */
  readonly tls: '1.3' | '1.2';
}

/** The gateway's stage: the API's version. */
export const apiStageName = 'v1';

const restApi = (stack: Stack, props: ExplicitApiProps): RestApi => {
  const { config, description, logsKey, hasDomain, tls } = props;
  const accessLog = new EncryptedLogGroup(stack, 'AccessLog', { config, encryptionKey: logsKey });
  const api = new RestApi(stack, 'Api', {
    description,
    endpointTypes: [EndpointType.REGIONAL],
    cloudWatchRole: false,
    disableExecuteApiEndpoint: hasDomain,
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
  resource.securityPolicy = tls === '1.3' ? SecurityPolicy.TLS13_1_3_2025_09 : SecurityPolicy.TLS_1_2;
  // Only the policies of TLS 1.3 know it.
  if (tls === '1.3') resource.endpointAccessMode = 'STRICT';
  // API Gateway would make this group itself, without our key and for ever.
  const executionLog = new EncryptedLogGroup(stack, 'ExecutionLog', {
    config,
    encryptionKey: logsKey,
    logGroupName: `API-Gateway-Execution-Logs_${api.restApiId}/${apiStageName}`,
  });
  api.deploymentStage.node.addDependency(executionLog);
  return api;
};

const addRoutes = (stack: Stack, api: RestApi, { routes, userPool, lambda }: ExplicitApiProps): void => {
  const authorizer = new CognitoUserPoolsAuthorizer(stack, 'Authorizer', {
    cognitoUserPools: [userPool],
    resultsCacheTtl: Duration.seconds(0),
  });
  const requestValidator = api.addRequestValidator('Requests', {
    validateRequestBody: true,
    validateRequestParameters: true,
  });
  const integration = new Integration({
    type: IntegrationType.AWS_PROXY,
    integrationHttpMethod: 'POST',
    uri: stack.formatArn({
      service: 'apigateway',
      account: 'lambda',
      resource: 'path',
      resourceName: `2015-03-31/functions/${lambda.functionArn}/invocations`,
    }),
  });
  const add = ({ method, path, scopes }: ApiRoute): Method => {
    const access =
      scopes.length > 0
        ? { authorizer, authorizationType: AuthorizationType.COGNITO, authorizationScopes: [...scopes] }
        : { authorizationType: AuthorizationType.NONE };
    const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `method.request.path.${name}`);
    return api.root.resourceForPath(path).addMethod(method, integration, {
      ...access,
      requestValidator,
      requestParameters: Object.fromEntries(pathParameters.map((name) => [name, true])),
    });
  };
  for (const route of routes) add(route);
};

/** One permission for all routes of the deployed stage, and none for the console's test call. */
const addInvocation = (stack: Stack, api: RestApi, lambda: IFunction): void => {
  new CfnPermission(stack, 'Invocation', {
    action: 'lambda:InvokeFunction',
    functionName: lambda.functionArn,
    principal: 'apigateway.amazonaws.com',
    sourceAccount: stack.account,
    sourceArn: stack.formatArn({
      service: 'execute-api',
      resource: api.restApiId,
      resourceName: `${apiStageName}/*/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    }),
  });
};

/**
 * Adds a REST API to a stack: one explicit route for each operation, the user pool's authorizer, logs under our key, our own
 * answers to the gateway's errors, and one permission to invoke the function (design.md §2, §3).
 */
export const addExplicitApi = (stack: Stack, props: ExplicitApiProps): RestApi => {
  const api = restApi(stack, props);
  addProblemResponses(api);
  addRoutes(stack, api, props);
  addInvocation(stack, api, props.lambda);
  new CfnOutput(stack, 'ApiId', { value: api.restApiId });
  new CfnOutput(stack, 'ApiStage', { value: apiStageName });
  return api;
};
