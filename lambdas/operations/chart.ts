import type { ResourceOperation } from '../../model/derive/operations.ts';
import type { EffectivePermission } from '../../model/derive/permissions.ts';
import { permissionFor } from '../../model/derive/permissions.ts';
import { compartmentsOf } from '../../model/derive/storage.ts';
import type { AccessContent, AccessItem, Grant } from '../domain/access-item.ts';
import { ApiError } from '../domain/api-error.ts';
import { decide } from '../domain/decide.ts';
import { verifyAccess } from '../domain/item-authentication.ts';
import { widensOwnGrant } from '../domain/own-grant.ts';
import type { PatientKeys, WrappedPatientKeys } from '../domain/patient-keys.ts';
import { newPatientKeys, openPatientKeys } from '../domain/patient-keys.ts';
import type { Principal } from '../domain/principal.ts';
import type { ChartPorts } from '../ports/chart-ports.ts';
import type { TenantKeys } from '../ports/key-ring.ts';
import type { Fetched } from '../ports/record-store.ts';
import type { OperationRequest } from './run.ts';

/** A request for a resource's interaction. */
export type ResourceRequest = OperationRequest<ResourceOperation>;

/** Who asks, and what the declaration permits them. */
export interface Permitted {
  readonly principal: Principal;
  readonly permission: EffectivePermission;
}

/**
 * The permission for a request, noted for its audit entry; the chain has asked before, this is the second lock.
 * @throws ApiError `not-permitted` when role and purpose have none.
 */
export const permitted = ({ operation, principal, purpose, facts }: ResourceRequest): Permitted => {
  const { resource, interaction } = operation;
  facts.resource = resource.name;
  if (principal === undefined || purpose === undefined) throw new ApiError('not-permitted');
  const permission = permissionFor(resource, principal.role, interaction, purpose);
  if (permission === undefined) throw new ApiError('not-permitted');
  facts.policy = permission.policy;
  return { principal, permission };
};

/** What there is of one patient: nothing, or an Access item and keys. */
export interface ChartItems {
  readonly patient: string;
  readonly access?: AccessItem;
  readonly keys?: PatientKeys;
}

/** A patient's Access item and keys, of what was fetched. */
export const chartItems = async (
  fetched: Fetched,
  patient: string,
  { keyRing }: ChartPorts,
): Promise<ChartItems> => {
  const [access, stored] = [fetched.access(patient), fetched.keys(patient)];
  return {
    patient,
    ...(access && { access }),
    ...(stored && { keys: await keyRing.patientKeys(stored) }),
  };
};

/** A chart that the permission reaches. */
export interface ReachedChart {
  readonly patient: string;
  readonly content: AccessContent;
  readonly accessVersion: number;
  readonly keys: PatientKeys;
}

/**
 * The chart of a patient, if the permission reaches it; nothing of its content is opened for that.
 * @throws ApiError `not-found` alike when there is none and when it is not the caller's to see, `integrity-failure` when
 * what the decision rests on is not what was stored.
 */
export const reach = (
  request: Pick<ResourceRequest, 'now'>,
  by: Permitted,
  items: ChartItems,
): ReachedChart => {
  const chart = reachIfAny(request, by, items);
  if (chart === undefined) throw new ApiError('not-found');
  return chart;
};

/** The same, with nothing for an answer where {@link reach} refuses. */
export const reachIfAny = (
  { now }: Pick<ResourceRequest, 'now'>,
  { principal, permission }: Permitted,
  { patient, access, keys }: ChartItems,
): ReachedChart | undefined => {
  if (access === undefined && keys === undefined) return undefined;
  if (access === undefined || keys === undefined)
    throw new ApiError('integrity-failure', { policy: 'chart-items' });
  const content = verifyAccess(access, keys);
  const { reached } = decide({ permission, principal, patient, access: content, now });
  return reached ? { patient, content, accessVersion: access.version, keys } : undefined;
};

/**
 * Lets nobody give access to oneself, or prolong one's own; who reaches the whole tenant has it anyway.
 * @throws ApiError `not-permitted`.
 */
export const refuseOwnGrant = ({ principal, permission }: Permitted, grant: Grant, before?: Grant): void => {
  if (permission.reach !== 'tenant' && widensOwnGrant(principal.subject, grant, before))
    throw new ApiError('not-permitted', { policy: 'relationship.self' });
};

/** A patient's keys with those that a write to a resource needs and the patient has not yet. */
export interface CompletedKeys {
  readonly keys: PatientKeys;
  /** The new ones, to be stored in the write's transaction. */
  readonly more?: WrappedPatientKeys;
}

/** Makes the keys that a resource's compartments need, where the patient has none. */
export const completeKeys = (
  { resource }: ResourceOperation,
  keys: PatientKeys,
  { branches }: TenantKeys,
): CompletedKeys => {
  const missing = compartmentsOf(resource).filter((compartment) => keys.newest(compartment) === undefined);
  if (missing.length === 0) return { keys };
  const { stored } = keys;
  const more = newPatientKeys(stored, missing, branches);
  const all = { ...stored, wrapped: { ...stored.wrapped, ...more.wrapped } };
  return { keys: openPatientKeys(all, branches), more };
};

/**
 * A validated body's members.
 * @throws ApiError `invalid-body` when it is no JSON object.
 */
export const bodyOf = ({ body }: Pick<ResourceRequest, 'body'>): { readonly [name: string]: unknown } => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ApiError('invalid-body');
  return body as { readonly [name: string]: unknown };
};

/** The entity tag of a version (RFC 9110, 8.8.3). */
export const entityTag = (version: number): string => `"${version}"`;
