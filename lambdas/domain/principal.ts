import type { Role } from '../../model/vocabulary.ts';

/** Who acts, from a verified access token; nothing else names a tenant. */
export interface Principal {
  /** The person's unique id (45 CFR 164.312(a)(2)(i)). */
  readonly subject: string;
  readonly tenant: string;
  readonly role: Role;
  /** Bumped at each change of role; a session of an older one is over. */
  readonly roleVersion: number;
  readonly scopes: ReadonlySet<string>;
  /** The token's `origin_jti`: the sign-in that it descends from. */
  readonly session: string;
  readonly client: string;
  /** The patient record that is the principal's own; present for role patient only. */
  readonly patient?: string;
}
