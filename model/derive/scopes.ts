import type { AnyResource } from '../define/define-resource.ts';
import { resources } from '../resources.ts';
import type { Interaction } from '../vocabulary.ts';
import { interactions } from '../vocabulary.ts';

/** Whose scopes: a person's begin with `user/`, a machine's with `system/`, as in SMART v2. */
export type ScopeServer = 'user' | 'system';

/** The scope of a resource's interaction, in SMART v2 form: `user/Patient.r`, `system/Patient.r`. */
export const resourceScope = (server: ScopeServer, { name }: AnyResource, interaction: Interaction): string =>
  `${server}/${name}.${interactions[interaction]}`;

const isPermitted = (resource: AnyResource, server: ScopeServer, interaction: Interaction): boolean =>
  Object.entries(resource.permissions).some(
    ([role, permitted]) =>
      (role === 'system') === (server === 'system') &&
      permitted.some(({ interactions: allowed }) => allowed.includes(interaction)),
  );

/** The interactions with a resource that some person, or some machine, is permitted. */
export const permittedInteractions = (resource: AnyResource, server: ScopeServer): readonly Interaction[] =>
  (Object.keys(interactions) as Interaction[]).filter((interaction) =>
    isPermitted(resource, server, interaction),
  );

/** Every scope of resources that an application, or a machine, can be registered for. */
export const registrableScopes = (server: ScopeServer): readonly string[] =>
  resources.flatMap((resource: AnyResource) =>
    permittedInteractions(resource, server).map((interaction) =>
      resourceScope(server, resource, interaction),
    ),
  );
