import {
  type CloudFormationClient,
  DescribeStackResourcesCommand,
  paginateListExports,
} from '@aws-sdk/client-cloudformation';
import type { Assembly } from '../assembly.ts';
import { emulatorAccount } from '../emulator.ts';
import { reapplyBucket } from './bucket.ts';
import { type DeployedStack, type Environment, physicalId, resolveValue } from './deployed-stack.ts';
import { reapplyGlobalTable } from './global-table.ts';
import { reapplyLambdaFunction } from './lambda-function.ts';
import type { Reapplier, ServiceConfig } from './reapplier.ts';
import { reapplyRequestValidators } from './request-validators.ts';
import { reapplyRole } from './role.ts';

/** What is put again, by CloudFormation type. */
const reappliers: Readonly<Record<string, Reapplier>> = {
  'AWS::DynamoDB::GlobalTable': reapplyGlobalTable,
  'AWS::IAM::Role': reapplyRole,
  'AWS::Lambda::Function': reapplyLambdaFunction,
  'AWS::S3::Bucket': reapplyBucket,
};

/**
 * Puts again, by the services' own APIs, what the emulator's CloudFormation accepts and then leaves out. The values
 * come from the synthesized templates and the physical ids from CloudFormation, so it follows whatever is deployed.
 * @returns a line for each setting
 * @throws Error when a setting cannot be resolved or does not stay
 */
export async function reapply(
  config: ServiceConfig,
  assembly: Assembly,
  cloudFormation: CloudFormationClient,
): Promise<string[]> {
  const environment = await readEnvironment(config, cloudFormation);
  const put: string[] = [];
  for (const [name, template] of assembly.templates) {
    const { StackResources = [] } = await cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName: name }),
    );
    const physicalIds = new Map(
      StackResources.map((entry) => [entry.LogicalResourceId ?? '', entry.PhysicalResourceId ?? '']),
    );
    const stack: DeployedStack = { name, template, physicalIds };
    for (const [logicalId, resource] of Object.entries(template.Resources)) {
      const reapplier = reappliers[resource.Type];
      if (reapplier === undefined) continue;
      const property = <T>(key: string) =>
        resolveValue(resource.Properties?.[key], stack, environment) as T | undefined;
      const names = await reapplier({ id: physicalId(stack, logicalId), property }, config);
      put.push(...names.map((setting) => `${name} ${logicalId} ${setting}`));
    }
    put.push(
      ...(await reapplyRequestValidators(stack, environment, config)).map((setting) => `${name} ${setting}`),
    );
  }
  return put;
}

async function readEnvironment(
  config: ServiceConfig,
  cloudFormation: CloudFormationClient,
): Promise<Environment> {
  const exports = new Map<string, string>();
  for await (const page of paginateListExports({ client: cloudFormation }, {})) {
    for (const entry of page.Exports ?? []) exports.set(entry.Name ?? '', entry.Value ?? '');
  }
  return { account: emulatorAccount, region: config.region, exports };
}
