import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import type { DirectoryPrincipal, Factor } from '../domain/directory-entry.ts';
import { factors } from '../domain/directory-entry.ts';
import { type TokenRequest, tokenClaims } from '../domain/token-claims.ts';
import type { Directory } from '../ports/directory.ts';
import { evidenceMember, type SignInEvidence } from '../ports/sign-in-evidence.ts';

/** Cognito's trigger before each token; the third version of its event differs by its source alone. */
export type TokenTrigger = (
  event: PreTokenGenerationV2TriggerEvent,
) => Promise<PreTokenGenerationV2TriggerEvent>;

/** What the trigger needs. */
export interface IssueTokenPorts {
  readonly directory: Pick<Directory, 'principal' | 'tenant' | 'client' | 'consent'>;
  readonly evidence: Pick<SignInEvidence, 'factor'>;
  readonly administrativeFactor: string;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

/** Scopes that Cognito itself knows; ours all name a server that we declared. */
const selfService = 'aws.cognito.signin.user.admin';
const isOurs = (scope: string): boolean => scope.includes('/');

const refuse = (): never => {
  throw new Error('No token for this account.');
};

/** Only the façade's client is not in the registry; what it has not recorded as verified counts for nothing. */
const requestOf = async (
  event: PreTokenGenerationV2TriggerEvent,
  principal: DirectoryPrincipal,
  { directory, evidence }: IssueTokenPorts,
  now: Date,
): Promise<TokenRequest> => {
  const id = event.callerContext.clientId;
  const requested = (event.request.scopes ?? []).filter(isOurs);
  const client = await directory.client(id);
  if (client === undefined) {
    const handle = event.request.clientMetadata?.[evidenceMember];
    return { through: 'façade', evidence: await evidence.factor(handle, principal.subject, now) };
  }
  if (client.status !== 'active' || client.tenant !== principal.tenant) return refuse();
  if (client.kind === 'machine')
    return client.client === principal.subject ? { through: 'machine', client, requested } : refuse();
  const consent = await directory.consent(principal.subject, id);
  return { through: 'application', client, consent, requested };
};

/** Whose token it is: a person's subject, or the id of a machine's client. */
const subjectOf = ({ triggerSource, callerContext, request }: PreTokenGenerationV2TriggerEvent) =>
  (triggerSource as string) === 'TokenGeneration_ClientCredentials'
    ? callerContext.clientId
    : request.userAttributes.sub;

/**
 * Puts tenant, role, role version and scopes into an access token, from the directory and from what the façade recorded
 * alone: what a client sends is not believed (design.md §4). Anyone the directory does not know as active gets no token.
 * @throws TypeError at start when the demanded factor is unknown.
 */
export const issueToken = (ports: IssueTokenPorts): TokenTrigger => {
  const { directory, administrativeFactor, clock = () => new Date() } = ports;
  const wanted: Factor | undefined = factors.find((factor) => factor === administrativeFactor);
  if (wanted === undefined) throw new TypeError(`ADMINISTRATIVE_FACTOR must be one of ${factors.join(', ')}`);
  return async (event) => {
    const now = clock();
    const subject = subjectOf(event);
    const principal = subject === undefined ? undefined : await directory.principal(subject);
    if (principal?.status !== 'active') return refuse();
    if (principal.grantExpiresAt !== undefined && Date.parse(principal.grantExpiresAt) <= now.getTime())
      return refuse();
    if ((principal.role === 'patient') !== (principal.patient !== undefined)) return refuse();
    const tenant = await directory.tenant(principal.tenant);
    if (tenant?.status !== 'active') return refuse();
    const request = await requestOf(event, principal, ports, now);
    const { claims, scopes } = tokenClaims(principal, request, wanted, now);
    const asked = (event.request.scopes ?? []).filter(isOurs);
    return {
      ...event,
      response: {
        claimsAndScopeOverrideDetails: {
          accessTokenGeneration: {
            claimsToAddOrOverride: { ...claims },
            scopesToAdd: [...scopes],
            scopesToSuppress: [selfService, ...asked.filter((scope) => !scopes.includes(scope))],
          },
        },
      },
    };
  };
};
