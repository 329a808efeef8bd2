import type { AnyResource } from '../../model/define/define-resource.ts';
import type { Role } from '../../model/vocabulary.ts';
import { ApiError } from './api-error.ts';

/** The relationship by which a role joins a patient that it creates. */
export interface Joining {
  readonly resource: AnyResource;
  readonly relationship: NonNullable<AnyResource['relationship']>;
  /** The record's other fields, as they are declared for the role. */
  readonly fields: { readonly [field: string]: unknown };
}

/**
 * Finds the declared relationship by which a role joins a patient that it creates.
 * @throws ApiError `not-permitted` when none is declared: such a role creates no patient.
 */
export const joiningOf = (resources: readonly AnyResource[], role: Role): Joining => {
  for (const resource of resources) {
    const { relationship } = resource;
    const joins: { readonly [R in Role]?: Joining['fields'] } = relationship?.joins ?? {};
    const fields = joins[role];
    if (relationship && fields) return { resource, relationship, fields };
  }
  throw new ApiError('not-permitted', { policy: 'joining' });
};
