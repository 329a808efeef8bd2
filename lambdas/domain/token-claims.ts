import { scopesOf } from '../../model/derive/operations.ts';
import type { Role } from '../../model/vocabulary.ts';
import type { DirectoryClient, DirectoryConsent, DirectoryPrincipal, Factor } from './directory-entry.ts';
import { factors } from './directory-entry.ts';
import { isTrained } from './training.ts';

/** Roles whose powers need a phishing-resistant factor (requirement B1). */
export const privilegedRoles: readonly Role[] = ['admin', 'compliance', 'operator'];
/** The scope of one's own session: all that a sign-in without enrolled factor gives. */
export const sessionScope = 'identity/session';

/** How a token is asked for. */
export type TokenRequest =
  | {
      /** Through our own façade, which says what it has verified; without evidence, nothing was. */
      readonly through: 'façade';
      readonly evidence: Factor | undefined;
    }
  | {
      /** Through managed login, for a registered application. */
      readonly through: 'application';
      readonly client: DirectoryClient;
      readonly consent: DirectoryConsent | undefined;
      /** Scopes that the application asked for; they can only narrow. */
      readonly requested: readonly string[];
    }
  | {
      /** By a machine, with its own secret. */
      readonly through: 'machine';
      readonly client: DirectoryClient;
      readonly requested: readonly string[];
    };

/** What the token trigger puts into an access token. */
export interface TokenClaims {
  readonly claims: { readonly [name: string]: string };
  readonly scopes: readonly string[];
}

const satisfies = (factor: Factor | undefined, wanted: Factor): boolean =>
  factor !== undefined && factors.indexOf(factor) >= factors.indexOf(wanted);

const together = (first: readonly string[], ...others: readonly (readonly string[])[]): readonly string[] =>
  first.filter((scope) => others.every((scopes) => scopes.includes(scope)));

/**
 * The scopes of a token: none but the session's before a factor is enrolled, after a reset of factors, when our façade has
 * verified no factor in this sign-in, or without the training that the role needs (requirement A8); for privileged roles none
 * but that without the factor that the stage demands. What the façade has verified is enrolled, though it be not recorded yet.
 * An application's and a machine's are what it asked for, of what it is registered for and, for an application, what the
 * person consented to.
 */
const permitted = (
  principal: DirectoryPrincipal,
  request: TokenRequest,
  administrativeFactor: Factor,
  now: Date,
): readonly string[] => {
  const { role, mfaEnrolledAt, mustEnrolSince } = principal;
  if ((request.through === 'machine') !== (role === 'system')) return [];
  if (request.through === 'machine')
    return together(scopesOf(role), request.client.scopes, request.requested);
  if (mustEnrolSince !== undefined || !isTrained(principal, now))
    return request.through === 'façade' ? [sessionScope] : [];
  if (request.through === 'application') {
    const { client, consent, requested } = request;
    if (mfaEnrolledAt === undefined || privilegedRoles.includes(role)) return [];
    return together(scopesOf(role), client.scopes, consent?.scopes ?? [], requested);
  }
  if (request.evidence === undefined) return [sessionScope];
  const isProven = satisfies(request.evidence, administrativeFactor);
  return privilegedRoles.includes(role) && !isProven ? [sessionScope] : scopesOf(role);
};

/** Our claims and scopes for an active principal's access token. */
export const tokenClaims = (
  principal: DirectoryPrincipal,
  request: TokenRequest,
  administrativeFactor: Factor,
  now: Date,
): TokenClaims => {
  const { tenant, role, roleVersion, patient } = principal;
  return {
    claims: { tenant, role, role_version: String(roleVersion), ...(patient !== undefined && { patient }) },
    scopes: permitted(principal, request, administrativeFactor, now),
  };
};
