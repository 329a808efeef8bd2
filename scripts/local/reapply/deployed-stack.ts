import type { Template, TemplateResource } from '../assembly.ts';

/** A deployed stack: its template and the physical ids that CloudFormation gave its resources. */
export interface DeployedStack {
  readonly name: string;
  readonly template: Template;
  readonly physicalIds: ReadonlyMap<string, string>;
}

/** What intrinsic functions refer to. */
export interface Environment {
  readonly account: string;
  readonly region: string;
  /** Values of the stacks' exports by export name. */
  readonly exports: ReadonlyMap<string, string>;
}

/** How the ARN of a resource follows from its physical id, for the types whose ARN properties ask for. */
const arns: Readonly<Record<string, (id: string, environment: Environment) => string>> = {
  'AWS::KMS::Key': (id, { account, region }) => `arn:aws:kms:${region}:${account}:key/${id}`,
  'AWS::IAM::ManagedPolicy': (id) => id,
  'AWS::IAM::Role': (id, { account }) => `arn:aws:iam::${account}:role/${id}`,
  'AWS::Logs::LogGroup': (id, { account, region }) => `arn:aws:logs:${region}:${account}:log-group:${id}:*`,
};

/**
 * Replaces the intrinsic functions in a template value by what they stand for in this deployment.
 * @throws Error for a function or reference that it does not know: better than a setting that is wrong unnoticed
 */
export function resolveValue(value: unknown, stack: DeployedStack, environment: Environment): unknown {
  const resolve = (inner: unknown): unknown => resolveValue(inner, stack, environment);
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length !== 1 || name === undefined || !(name === 'Ref' || name.startsWith('Fn::'))) {
    return Object.fromEntries(entries.map(([key, inner]) => [key, resolve(inner)]));
  }
  switch (name) {
    case 'Ref':
      return reference(String(argument), stack, environment);
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = argument as [string, string];
      return attributeOf(logicalId, attribute, stack, environment);
    }
    case 'Fn::ImportValue': {
      const found = environment.exports.get(String(resolve(argument)));
      if (found === undefined) throw new Error(`no stack exports what ${stack.name} imports`);
      return found;
    }
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(resolve).join(separator);
    }
    default:
      throw new Error(`cannot resolve ${name} in ${stack.name}`);
  }
}

function reference(id: string, stack: DeployedStack, { account, region }: Environment): string {
  const pseudo: Record<string, string> = {
    'AWS::Partition': 'aws',
    'AWS::AccountId': account,
    'AWS::Region': region,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
  };
  return pseudo[id] ?? physicalId(stack, id);
}

function attributeOf(
  logicalId: string,
  attribute: string,
  stack: DeployedStack,
  environment: Environment,
): string {
  const type = stack.template.Resources[logicalId]?.Type ?? '';
  const arn = arns[type];
  if (attribute !== 'Arn' || arn === undefined) {
    throw new Error(`cannot resolve attribute ${attribute} of ${logicalId} (${type}) in ${stack.name}`);
  }
  return arn(physicalId(stack, logicalId), environment);
}

/**
 * The physical id of a resource.
 * @throws Error when CloudFormation has not created it
 */
export function physicalId(stack: DeployedStack, logicalId: string): string {
  const id = stack.physicalIds.get(logicalId);
  if (id === undefined) throw new Error(`${stack.name} has no resource ${logicalId}`);
  return id;
}

/** The resources of a type, with their logical ids. */
export function resourcesOfType(stack: DeployedStack, type: string): [string, TemplateResource][] {
  return Object.entries(stack.template.Resources).filter(([, resource]) => resource.Type === type);
}
