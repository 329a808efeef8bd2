import { GetRoleCommand, IAMClient, PutRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';
import { assertKept, type Reapplier } from './reapplier.ts';

/** Permissions boundary of `AWS::IAM::Role`. */
export const reapplyRole: Reapplier = async ({ id: RoleName, property }, config) => {
  const PermissionsBoundary = property<string>('PermissionsBoundary');
  if (PermissionsBoundary === undefined) return [];
  const iam = new IAMClient(config);
  await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
  const kept = await iam.send(new GetRoleCommand({ RoleName }));
  const arn = kept.Role?.PermissionsBoundary?.PermissionsBoundaryArn;
  assertKept(arn === PermissionsBoundary, 'PermissionsBoundary', RoleName);
  return ['PermissionsBoundary'];
};
