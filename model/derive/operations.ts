import type { AuditEventType } from '../audit-event-types.ts';
import type { NamedOperation } from '../define/define-operation.ts';
import type { AnyResource } from '../define/define-resource.ts';
import { namedOperations } from '../operations/index.ts';
import { resources } from '../resources.ts';
import type { Capability, Interaction, Role } from '../vocabulary.ts';
import { interactions, roles } from '../vocabulary.ts';
import { permittedInteractions, resourceScope } from './scopes.ts';

interface Route {
  /** `<Resource>.<interaction>` or `<noun>.<verb>`. */
  readonly id: string;
  readonly capability: Capability;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The API Gateway resource path below the base path, such as `/patients/{id}`. */
  readonly path: string;
  /** The OAuth scope `<server>/<name>` of a person's token; absent on an operation before sign-in. */
  readonly scope?: string;
  /** The scope of a machine's token, `system/<name>`; absent where no machine is permitted anything. */
  readonly systemScope?: string;
  readonly status: 200 | 201 | 204;
  readonly event: AuditEventType;
}
/** A resource's interaction as an API operation. */
export interface ResourceOperation extends Route {
  readonly kind: 'resource';
  readonly resource: AnyResource;
  readonly interaction: Interaction;
  readonly scope: string;
}
/** A named operation as an API operation. */
export interface CustomOperation extends Route {
  readonly kind: 'named';
  readonly definition: NamedOperation;
}
/** One operation of an API: one route, one scope, one handler. */
export type Operation = ResourceOperation | CustomOperation;

const routes = {
  create: { method: 'POST', suffix: '', status: 201, event: 'PHI_MODIFICATION' },
  read: { method: 'GET', suffix: '/{id}', status: 200, event: 'PHI_ACCESS' },
  update: { method: 'PUT', suffix: '/{id}', status: 200, event: 'PHI_MODIFICATION' },
  search: { method: 'POST', suffix: '/_search', status: 200, event: 'PHI_ACCESS' },
} as const satisfies Record<Interaction, Pick<Route, 'method' | 'status' | 'event'> & { suffix: string }>;

/** The operations of one resource: one for each interaction that some role is permitted. */
export const resourceOperations = (resource: AnyResource): ResourceOperation[] => {
  const [forPeople, forMachines] = (['user', 'system'] as const).map((server) =>
    permittedInteractions(resource, server),
  ) as [readonly Interaction[], readonly Interaction[]];
  const permitted = (Object.keys(interactions) as Interaction[]).filter(
    (interaction) => forPeople.includes(interaction) || forMachines.includes(interaction),
  );
  return permitted.map((interaction) => {
    const { suffix, ...route } = routes[interaction];
    return {
      kind: 'resource',
      id: `${resource.name}.${interaction}`,
      resource,
      interaction,
      capability: resource.capability,
      path: `${resource.path}${suffix}`,
      scope: resourceScope('user', resource, interaction),
      ...(forMachines.includes(interaction) && {
        systemScope: resourceScope('system', resource, interaction),
      }),
      ...route,
    };
  });
};

const namedScope = ({ id, allows }: NamedOperation): { scope?: string } =>
  allows === 'public' ? {} : { scope: allows === 'session' ? 'identity/session' : `identity/${id}` };

/** A named operation with its route and scope. */
export const customOperation = (definition: NamedOperation): CustomOperation => {
  const { id, capability, method, path, status, event } = definition;
  return {
    kind: 'named',
    id,
    definition,
    capability,
    method,
    path,
    status,
    event,
    ...namedScope(definition),
  };
};

/**
 * Every operation of the platform.
 * @throws TypeError when two share an id or a route.
 */
export const operationsOf = (
  declared: readonly AnyResource[],
  named: readonly NamedOperation[],
): readonly Operation[] => {
  const all = [...declared.flatMap(resourceOperations), ...named.map(customOperation)];
  for (const key of [
    ({ id }: Operation) => id,
    ({ capability, method, path }: Operation) => `${capability} ${method} ${path}`,
  ]) {
    const keys = all.map(key);
    const twice = keys.find((value, position) => keys.indexOf(value) !== position);
    if (twice) throw new TypeError(`two operations are ${twice}`);
  }
  return all;
};

/** Every operation of the platform, derived from its declarations. */
export const operations: readonly Operation[] = operationsOf(resources, namedOperations);

/** Whether some permission of a role covers an operation, for whatever purpose and records. */
export const allowsRole = (operation: Operation, role: Role): boolean => {
  if (!roles.includes(role)) return false;
  if (operation.kind === 'resource')
    return (operation.resource.permissions[role] ?? []).some((permission) =>
      permission.interactions.includes(operation.interaction),
    );
  const { allows: allowed } = operation.definition;
  if (role === 'system' || allowed === 'public') return false;
  return allowed === 'session' || allowed.includes(role);
};

/** The scope that an operation asks of a role's token: a machine's own, or a person's. */
export const scopeFor = ({ scope, systemScope }: Operation, role: Role): string | undefined =>
  role === 'system' ? systemScope : scope;

/** Every scope that opens an operation to somebody. */
export const scopesOpening = ({ scope, systemScope }: Operation): readonly string[] =>
  [scope, systemScope].filter((name) => name !== undefined);

/** The scopes that a role's tokens carry; a scope narrows, it never grants. */
export const scopesOf = (role: Role): readonly string[] => [
  ...new Set(
    operations.flatMap((operation) => {
      const scope = scopeFor(operation, role);
      return scope !== undefined && allowsRole(operation, role) ? [scope] : [];
    }),
  ),
];

/** The resources that operations act on, each once. */
export const resourcesOf = (all: readonly Operation[]): readonly AnyResource[] => [
  ...new Set(all.flatMap((operation) => (operation.kind === 'resource' ? [operation.resource] : []))),
];
