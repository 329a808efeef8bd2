import {
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import type { Cloud } from './cloud.ts';
import { environmentOf } from './cloud.ts';

/** One statement of an IAM policy. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a role may do, by the one policy that is attached to it. */
export interface RolePolicy {
  readonly role: string;
  readonly arn: string;
  readonly statements: readonly Statement[];
}

/** What a role's ARN ends with. */
export const roleName = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** The names of the roles that a function works with: its own, and the one that it takes on for a tenant. */
export const rolesOf = async (
  cloud: Cloud,
  functionName: string,
): Promise<{ readonly own: string; readonly tenant: string }> => {
  const { role, variables } = await environmentOf(cloud, functionName);
  return { own: roleName(role), tenant: roleName(variables.TENANT_ROLE_ARN ?? '') };
};

/**
 * The policy attached to a role.
 * @throws Error when it is not the only one, for the others would be overlooked.
 */
export const policyOf = async ({ iam }: Cloud, role: string): Promise<RolePolicy> => {
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
  const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: role }));
  const arn = AttachedPolicies?.[0]?.PolicyArn ?? '';
  if (PolicyNames?.length || AttachedPolicies?.length !== 1)
    throw new Error('the role has not exactly one attached policy');
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }));
  const { PolicyVersion } = await iam.send(
    new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: Policy?.DefaultVersionId }),
  );
  const document = JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? '{}')) as {
    Statement: Statement | Statement[];
  };
  return { role, arn, statements: [document.Statement].flat() };
};

const temporary = 'integration-test';

const putTemporary = async (
  { iam }: Cloud,
  role: string,
  statements: readonly Statement[],
): Promise<void> => {
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: role,
      PolicyName: temporary,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
    }),
  );
};

const deleteTemporary = async ({ iam }: Cloud, role: string): Promise<void> => {
  await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: temporary }));
};

/** Does something while a role has other statements in place of its policy's, and puts that back whatever happens. */
export const whileGranted = async <T>(
  cloud: Cloud,
  { role, arn }: RolePolicy,
  statements: readonly Statement[],
  during: () => Promise<T>,
): Promise<T> => {
  if (statements.length > 0) await putTemporary(cloud, role, statements);
  await cloud.iam.send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: arn }));
  try {
    return await during();
  } finally {
    await cloud.iam.send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: arn }));
    if (statements.length > 0) await deleteTemporary(cloud, role);
  }
};

/** Does something while roles are denied actions on resources, and takes the denial back whatever happens. */
export const whileDenied = async <T>(
  cloud: Cloud,
  roles: readonly string[],
  actions: readonly string[],
  resources: readonly string[],
  during: () => Promise<T>,
): Promise<T> => {
  for (const role of roles)
    await putTemporary(cloud, role, [{ Effect: 'Deny', Action: actions, Resource: resources }]);
  try {
    return await during();
  } finally {
    for (const role of roles) await deleteTemporary(cloud, role);
  }
};

/** Does something while a KMS key is disabled, and enables it again whatever happens. */
export const whileDisabled = async <T>({ kms }: Cloud, key: string, during: () => Promise<T>): Promise<T> => {
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  try {
    return await during();
  } finally {
    await kms.send(new EnableKeyCommand({ KeyId: key }));
  }
};
