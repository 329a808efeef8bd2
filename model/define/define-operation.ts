import type { AuditEventType } from '../audit-event-types.ts';
import type { Capability, Role } from '../vocabulary.ts';
import type { Schema } from './field.ts';

/** A named operation: one that is not a resource's create, read, update or search. */
export interface NamedOperation<I extends string = string> {
  /** `<noun>.<verb>`, also its policy id and, behind `identity/`, its scope. */
  readonly id: I;
  readonly description: string;
  readonly capability: Capability;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path below the base path. */
  readonly path: `/${string}`;
  /** `public`: before sign-in; `session`: any signed-in principal; otherwise the roles that may call it. */
  readonly allows: 'public' | 'session' | readonly Role[];
  /** The schema of the JSON body. @default no body is accepted */
  readonly request?: Schema;
  /** An example of the request, for the API documentation. */
  readonly example?: { readonly [name: string]: unknown };
  /** The schema of the JSON answer. @default no body is returned */
  readonly response?: Schema;
  readonly status: 200 | 201 | 204;
  /** What success leaves in the audit trail; the operation may choose a closer one. */
  readonly event: AuditEventType;
}

/** Declares a named operation. */
export const defineOperation = <const I extends string>(operation: NamedOperation<I>): NamedOperation<I> =>
  operation;
