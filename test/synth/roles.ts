import type { FunctionName } from '../../lib/constructs/role-paths.ts';
import type { IamStatement } from './evaluate-policy.ts';
import type { Synthesized, SynthesizedResource } from './synthesized.ts';

/** A role of a function, with everything that it is allowed. */
export interface FunctionRole {
  readonly arn: string;
  readonly statements: readonly IamStatement[];
  readonly trust: readonly IamStatement[];
}

/** Statements of every policy attached to a role. */
export const statementsOf = (stage: Synthesized, role: SynthesizedResource): readonly IamStatement[] => [
  ...['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy']
    .flatMap(stage.ofType)
    .filter(({ properties }) => properties.Roles?.includes(`${role.stack}/${role.id}`))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement),
  ...(role.properties.Policies ?? []).flatMap(
    (policy: { PolicyDocument: { Statement: IamStatement[] } }) => policy.PolicyDocument.Statement,
  ),
];

/** The role that a function has (`own`) or takes on for a tenant (`tenant`). */
export const roleOf = (stage: Synthesized, name: FunctionName, which: 'own' | 'tenant'): FunctionRole => {
  const path = `/chartlock/${stage.config.stage}/${name}/${which}/`;
  const role = stage.ofType('AWS::IAM::Role').find(({ properties }) => properties.Path === path);
  if (!role) throw new Error(`there is no role with path ${path}`);
  return {
    arn: `arn:aws:iam::${stage.config.account}:role${path}any`,
    statements: statementsOf(stage, role),
    trust: role.properties.AssumeRolePolicyDocument.Statement,
  };
};

/** The resolved ARN of a resource by its stack and the beginning of its logical id. */
export const arnOf = (stage: Synthesized, type: string, stack: string, id: string): string => {
  const found = stage.ofType(type).find((resource) => resource.stack === stack && resource.id.startsWith(id));
  if (!found) throw new Error(`there is no ${type} ${stack}/${id}`);
  return `arn:${stack}/${found.id}`;
};

/** The policy of a key by the beginning of its logical id. */
export const keyPolicy = (stage: Synthesized, id: string): readonly IamStatement[] =>
  stage.ofType('AWS::KMS::Key').find((key) => new RegExp(`^${id}[0-9A-F]{8}$`).test(key.id))?.properties
    .KeyPolicy.Statement ?? [];
