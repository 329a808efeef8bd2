import type { AnyPermission, AnyResource } from '../define/define-resource.ts';
import type { Interaction, PurposeOfUse, Reach, Role } from '../vocabulary.ts';
import type { IndexPlan } from './storage.ts';

/** One cell of the access matrix: what a role may do with a resource for one purpose. */
export interface EffectivePermission {
  /** The policy id that decisions and audit entries name: `<Resource>.<role>.<purpose>.<interaction>`. */
  readonly policy: string;
  readonly reach: Reach;
  /** The fields that it may get, in the order of declaration. */
  readonly discloses: readonly string[];
  /** What it gets when it names no fields: the resource's summary, as far as disclosed. */
  readonly summary: readonly string[];
  /** The fields that it may set with this interaction, in the order of declaration. */
  readonly writes: readonly string[];
  /** Those of `writes` without which the request is incomplete. */
  readonly mustWrite: readonly string[];
}

/** The id of the policy that decides a cell of the access matrix. */
export const policyId = (
  resource: AnyResource,
  role: Role,
  purpose: PurposeOfUse,
  interaction: Interaction,
): string => `${resource.name}.${role}.${purpose}.${interaction}`;

const declaredFor = (
  resource: AnyResource,
  role: Role,
  interaction: Interaction,
  purpose: PurposeOfUse,
): AnyPermission | undefined =>
  (Object.hasOwn(resource.permissions, role) ? resource.permissions[role] : undefined)?.find(
    (permission) => permission.interactions.includes(interaction) && permission.purposes.includes(purpose),
  );

const settable = (resource: AnyResource, name: string, interaction: Interaction): boolean => {
  const setBy = resource.fields[name]?.options.setBy ?? 'caller';
  return (interaction === 'create' && setBy !== 'server') || (interaction === 'update' && setBy === 'caller');
};

const isRestricted = (resource: AnyResource, name: string): boolean =>
  resource.fields[name]?.options.classification === 'restricted';

/** What a role may do with a resource for a purpose; nothing means no. */
export const permissionFor = (
  resource: AnyResource,
  role: Role,
  interaction: Interaction,
  purpose: PurposeOfUse,
): EffectivePermission | undefined => {
  const permission = declaredFor(resource, role, interaction, purpose);
  if (permission === undefined) return undefined;
  const names = Object.keys(resource.fields);
  const within = (set: readonly string[] | '*' | undefined): string[] =>
    names.filter((name) => (set === '*' ? !isRestricted(resource, name) : set?.includes(name)));
  const discloses = within(permission.discloses);
  const writes = within(permission.writes).filter((name) => settable(resource, name, interaction));
  return {
    policy: policyId(resource, role, purpose, interaction),
    reach: permission.reach,
    discloses,
    summary: resource.summary.filter((name) => discloses.includes(name)),
    writes,
    mustWrite: writes.filter((name) => resource.fields[name]?.options.presence !== 'optional'),
  };
};

/** Whether a permission lets its holder search by an index: only if it discloses every field that the index reads. */
export const maySearchBy = (permission: EffectivePermission, index: IndexPlan): boolean =>
  index.fields.every((name) => permission.discloses.includes(name));
