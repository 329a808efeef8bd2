import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import type { Factor } from '../domain/directory-entry.ts';
import { factors } from '../domain/directory-entry.ts';
import { tokenClaims } from '../domain/token-claims.ts';
import type { Directory } from '../ports/directory.ts';

/** Cognito's trigger before each token. */
export type TokenTrigger = (
  event: PreTokenGenerationV2TriggerEvent,
) => Promise<PreTokenGenerationV2TriggerEvent>;

/** Scopes that Cognito itself knows; ours all name a server that we declared. */
const selfService = 'aws.cognito.signin.user.admin';
const isOurs = (scope: string): boolean => scope.includes('/');

const refuse = (): never => {
  throw new Error('No token for this account.');
};

/**
 * Puts tenant, role, role version and scopes into an access token, from the directory alone: what a client sends is not
 * believed (design.md §4). Anyone the directory does not know as active gets no token.
 * @throws TypeError at start when the demanded factor is unknown.
 */
export const issueToken = ({
  directory,
  administrativeFactor,
}: {
  readonly directory: Pick<Directory, 'principal' | 'tenant'>;
  readonly administrativeFactor: string;
}): TokenTrigger => {
  const wanted: Factor | undefined = factors.find((factor) => factor === administrativeFactor);
  if (wanted === undefined) throw new TypeError(`ADMINISTRATIVE_FACTOR must be one of ${factors.join(', ')}`);
  return async (event) => {
    const subject = event.request.userAttributes.sub;
    const principal = subject === undefined ? undefined : await directory.principal(subject);
    if (principal?.status !== 'active') return refuse();
    if ((principal.role === 'patient') !== (principal.patient !== undefined)) return refuse();
    const tenant = await directory.tenant(principal.tenant);
    if (tenant?.status !== 'active') return refuse();
    const requested = (event.request.scopes ?? []).filter(isOurs);
    const { claims, scopes } = tokenClaims(
      principal,
      {
        client: event.callerContext.clientId,
        hosted: event.triggerSource === 'TokenGeneration_HostedAuth',
        requested,
      },
      wanted,
    );
    return {
      ...event,
      response: {
        claimsAndScopeOverrideDetails: {
          accessTokenGeneration: {
            claimsToAddOrOverride: { ...claims },
            scopesToAdd: [...scopes],
            scopesToSuppress: [selfService, ...requested.filter((scope) => !scopes.includes(scope))],
          },
        },
      },
    };
  };
};
