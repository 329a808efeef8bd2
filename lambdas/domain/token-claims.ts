import { scopesOf } from '../../model/derive/operations.ts';
import type { Role } from '../../model/vocabulary.ts';
import type { DirectoryPrincipal, Factor } from './directory-entry.ts';
import { factors } from './directory-entry.ts';

/** Roles whose powers need a phishing-resistant factor (requirement B1). */
const privileged: readonly Role[] = ['admin', 'compliance', 'operator'];
/** The scope of one's own session: all that a sign-in without enrolled factor gives. */
export const sessionScope = 'identity/session';

/** The sign-in for which a token is made. */
export interface TokenRequest {
  readonly client: string;
  /** Whether it comes from the hosted sign-in pages. */
  readonly hosted: boolean;
  /** Scopes that an OAuth client asked for; they can only narrow. */
  readonly requested: readonly string[];
}

/** What the token trigger puts into an access token. */
export interface TokenClaims {
  readonly claims: { readonly [name: string]: string };
  readonly scopes: readonly string[];
}

const satisfies = (factor: Factor | undefined, wanted: Factor): boolean =>
  factor !== undefined && factors.indexOf(factor) >= factors.indexOf(wanted);

/**
 * The scopes that a sign-in gets: none but the session's before a factor is enrolled; for privileged roles none but that
 * without the factor that the stage demands, seen by our own façade for this client.
 */
const permitted = (
  { role, mfaEnrolledAt, factor, evidenceClient }: DirectoryPrincipal,
  { client, hosted }: TokenRequest,
  administrativeFactor: Factor,
): readonly string[] => {
  if (mfaEnrolledAt === undefined) return [sessionScope];
  const isProven = !hosted && evidenceClient === client && satisfies(factor, administrativeFactor);
  if (privileged.includes(role) && !isProven) return [sessionScope];
  return scopesOf(role);
};

/** Our claims and scopes for an active principal's access token. */
export const tokenClaims = (
  principal: DirectoryPrincipal,
  request: TokenRequest,
  administrativeFactor: Factor,
): TokenClaims => {
  const { tenant, role, roleVersion, patient } = principal;
  const allowed = permitted(principal, request, administrativeFactor);
  const narrowed = request.hosted || request.requested.length > 0;
  return {
    claims: { tenant, role, role_version: String(roleVersion), ...(patient !== undefined && { patient }) },
    scopes: narrowed ? allowed.filter((scope) => request.requested.includes(scope)) : allowed,
  };
};
