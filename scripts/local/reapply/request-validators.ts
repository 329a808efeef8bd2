import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRequestValidatorCommand,
  GetMethodCommand,
  GetRequestValidatorsCommand,
  GetRestApiCommand,
  UpdateMethodCommand,
} from '@aws-sdk/client-api-gateway';
import {
  type DeployedStack,
  type Environment,
  physicalId,
  resolveValue,
  resourcesOfType,
} from './deployed-stack.ts';
import { assertKept, type ServiceConfig } from './reapplier.ts';

interface ValidatorProperties {
  readonly Name?: string;
  readonly RestApiId: string;
  readonly ValidateRequestBody?: boolean;
  readonly ValidateRequestParameters?: boolean;
}

/**
 * `AWS::ApiGateway::RequestValidator` and the methods that use one: the emulator creates neither.
 * @returns the settings that it put
 */
export async function reapplyRequestValidators(
  stack: DeployedStack,
  environment: Environment,
  config: ServiceConfig,
): Promise<string[]> {
  const apiGateway = new APIGatewayClient(config);
  const created = new Map<string, string>();
  const changed = new Set<string>();
  const put: string[] = [];
  for (const [logicalId, { Properties }] of resourcesOfType(stack, 'AWS::ApiGateway::RequestValidator')) {
    const properties = resolveValue(Properties, stack, environment) as ValidatorProperties;
    created.set(logicalId, await validator(apiGateway, properties.Name ?? logicalId, properties));
    put.push(`RequestValidator ${logicalId}`);
  }
  for (const [logicalId, { Properties = {} }] of resourcesOfType(stack, 'AWS::ApiGateway::Method')) {
    const reference = Properties.RequestValidatorId as { Ref?: string } | undefined;
    const requestValidatorId = reference?.Ref === undefined ? undefined : created.get(reference.Ref);
    if (requestValidatorId === undefined) continue;
    const method = {
      restApiId: resolveValue(Properties.RestApiId, stack, environment) as string,
      resourceId: await resourceId(apiGateway, Properties.ResourceId, stack, environment),
      httpMethod: Properties.HttpMethod as string,
    };
    const patchOperations = [
      { op: 'replace' as const, path: '/requestValidatorId', value: requestValidatorId },
    ];
    await apiGateway.send(new UpdateMethodCommand({ ...method, patchOperations }));
    const kept = await apiGateway.send(new GetMethodCommand(method));
    assertKept(kept.requestValidatorId === requestValidatorId, 'RequestValidatorId', logicalId);
    changed.add(method.restApiId);
    put.push(`RequestValidatorId ${logicalId}`);
  }
  for (const [, { Properties = {} }] of resourcesOfType(stack, 'AWS::ApiGateway::Stage')) {
    const restApiId = resolveValue(Properties.RestApiId, stack, environment) as string;
    const stageName = Properties.StageName as string;
    if (changed.has(restApiId)) await apiGateway.send(new CreateDeploymentCommand({ restApiId, stageName }));
  }
  return put;
}

async function validator(
  apiGateway: APIGatewayClient,
  name: string,
  properties: ValidatorProperties,
): Promise<string> {
  const restApiId = properties.RestApiId;
  const { items = [] } = await apiGateway.send(new GetRequestValidatorsCommand({ restApiId }));
  const known = items.find((item) => item.name === name)?.id;
  if (known !== undefined) return known;
  const made = await apiGateway.send(
    new CreateRequestValidatorCommand({
      restApiId,
      name,
      validateRequestBody: properties.ValidateRequestBody ?? false,
      validateRequestParameters: properties.ValidateRequestParameters ?? false,
    }),
  );
  assertKept(made.id !== undefined, 'RequestValidator', name);
  return made.id ?? '';
}

/** A method's resource; the root resource is an attribute of the API and has no logical id of its own. */
async function resourceId(
  apiGateway: APIGatewayClient,
  value: unknown,
  stack: DeployedStack,
  environment: Environment,
): Promise<string> {
  const attribute = (value as { 'Fn::GetAtt'?: [string, string] })['Fn::GetAtt'];
  if (attribute?.[1] !== 'RootResourceId') return resolveValue(value, stack, environment) as string;
  const { rootResourceId } = await apiGateway.send(
    new GetRestApiCommand({ restApiId: physicalId(stack, attribute[0]) }),
  );
  return rootResourceId ?? '';
}
