import type { StageName } from '../config/stage-config.ts';

/** The functions of the platform; each has a bundle, a role and a log of its own. */
export const functions = [
  'clinical',
  'identity',
  'pre-token',
  'passkey-challenge',
  'operator',
  'access-review',
] as const;
/** A function of the platform. */
export type FunctionName = (typeof functions)[number];

/** The IAM path of a function's role, by which key policies know it without naming it. */
export const ownPath = (stage: StageName, name: FunctionName): string => `/chartlock/${stage}/${name}/own/`;

/** The IAM path of the role that a function takes on for one tenant. */
export const tenantPath = (stage: StageName, name: FunctionName): string =>
  `/chartlock/${stage}/${name}/tenant/`;

/** The form of a tenant's id, as an IAM pattern. */
export const tenantShape = '????????????';
/** The tenant that audit entries of requests without a principal belong to. */
export const platformTenant = 'platform';
