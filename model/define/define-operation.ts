import type { AuditEventType } from '../audit-event-types.ts';
import type { ProblemCode } from '../problems.ts';
import type { Capability, Role } from '../vocabulary.ts';
import type { Schema } from './field.ts';

/** What a parameter in a path may look like: opaque ids only, so that no health information is in a URL. */
export const parameterForms = {
  /** A subject or a session. */
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  /** A patient, or something else with an id of ours. */
  id: /^[0-9A-HJKMNP-TV-Z]{26}$/,
  /** A client of the user pool. */
  client: /^[a-z0-9]{10,128}$/,
  /** A secret of a client, by the id that Cognito gives it. */
  secret: /^[a-z0-9]{10,128}--[0-9]{1,16}$/,
  /** A passkey: the digest of its credential id. */
  passkey: /^[A-Za-z0-9_-]{43}$/,
} as const satisfies Record<string, RegExp>;
/** The form of a parameter in a path. */
export type ParameterForm = keyof typeof parameterForms;

/** A named operation: one that is not a resource's create, read, update or search. */
export interface NamedOperation<I extends string = string> {
  /** `<noun>.<verb>`, also its policy id and, behind `identity/`, its scope. */
  readonly id: I;
  readonly description: string;
  readonly capability: Capability;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path below the base path. */
  readonly path: `/${string}`;
  /** The form of each parameter in the path. @default the path has none */
  readonly parameters?: { readonly [name: string]: ParameterForm };
  /** `public`: before sign-in; `session`: any signed-in person; otherwise the roles that may call it, never a machine. */
  readonly allows: 'public' | 'session' | readonly Exclude<Role, 'system'>[];
  /** That it needs an authentication of the last five minutes, or a step-up proof (requirement B9). @default false */
  readonly sensitive?: true;
  /** The schema of the JSON body. @default no body is accepted */
  readonly request?: Schema;
  /** An example of the request, for the API documentation. */
  readonly example?: { readonly [name: string]: unknown };
  /** The schema of the JSON answer. @default no body is returned */
  readonly response?: Schema;
  readonly status: 200 | 201 | 204;
  /** What success leaves in the audit trail; the operation may choose a closer one. */
  readonly event: AuditEventType;
  /** What it can answer besides the problems that follow from its declaration. @default nothing */
  readonly problems?: readonly ProblemCode[];
}

const namesIn = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

const mistakesIn = ({
  id,
  method,
  path,
  parameters = {},
  sensitive,
  allows,
  request,
  example,
  response,
  status,
}: NamedOperation) =>
  [
    !/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/.test(id) && 'the id must be <noun>.<verb>',
    !/^(\/([a-z]+(-[a-z]+)*|\{[a-z][A-Za-z]*\}))+(\/_search)?$/.test(path) &&
      'the path must be lower-case words',
    namesIn(path).join() !== Object.keys(parameters).join() &&
      'every parameter in the path has a form, in the same order',
    sensitive && allows === 'public' && 'what is before sign-in cannot need a recent one',
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
