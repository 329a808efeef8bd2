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

const mistakesIn = ({ id, method, path, allows, request, example, response, status }: NamedOperation) =>
  [
    !/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/.test(id) && 'the id must be <noun>.<verb>',
    !/^(\/([a-z]+(-[a-z]+)*|\{[a-z][A-Za-z]*\}))+$/.test(path) && 'the path must be lower-case words',
    method === 'GET' && request !== undefined && 'a GET has no body',
    (request === undefined) !== (example === undefined) && 'a request has an example, and only a request',
    response !== undefined && status === 204 && 'status 204 has no body',
    Array.isArray(allows) && (allows.length === 0 || new Set(allows).size !== allows.length)
      ? 'the roles must be named, each once'
      : false,
  ].filter((mistake) => typeof mistake === 'string');

/**
 * Declares a named operation.
 * @throws TypeError when the declaration contradicts itself, saying where.
 */
export const defineOperation = <const I extends string>(operation: NamedOperation<I>): NamedOperation<I> => {
  const found = mistakesIn(operation);
  if (found.length > 0) throw new TypeError(`operation ${operation.id}: ${found.join('; ')}`);
  return operation;
};
