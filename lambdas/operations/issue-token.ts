import type { Context, PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { problems } from '../../model/problems.ts';
import { ApiError } from '../domain/api-error.ts';
import { asApiError } from '../domain/as-api-error.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { checkedAuditEntry } from '../domain/checked-audit-entry.ts';
import type { DirectoryClient, DirectoryPrincipal, Factor } from '../domain/directory-entry.ts';
import { factors, isExpired } from '../domain/directory-entry.ts';
import { entryId } from '../domain/entry-id.ts';
import { type TokenClaims, type TokenRequest, tokenClaims } from '../domain/token-claims.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Directory } from '../ports/directory.ts';
import { errorPlaces, type Log } from '../ports/log.ts';
import { evidenceMember, type SignInEvidence } from '../ports/sign-in-evidence.ts';

/** Cognito's trigger before each token; the third version of its event differs by its source alone. */
export type TokenTrigger = (
  event: PreTokenGenerationV2TriggerEvent,
  context: Pick<Context, 'awsRequestId'>,
) => Promise<PreTokenGenerationV2TriggerEvent>;

/** What the trigger needs. */
export interface IssueTokenPorts {
  readonly directory: Pick<Directory, 'principal' | 'tenant' | 'client' | 'consent'>;
  readonly evidence: Pick<SignInEvidence, 'factor'>;
  readonly auditLog: AuditLog;
  readonly log: Pick<Log, 'failure'>;
  readonly administrativeFactor: string;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

/** Scopes that Cognito itself knows; ours all name a server that we declared. */
const selfService = 'aws.cognito.signin.user.admin';
const isOurs = (scope: string): boolean => scope.includes('/');
const requestedBy = ({ request }: PreTokenGenerationV2TriggerEvent): string[] =>
  (request.scopes ?? []).filter(isOurs);

const refuse = (policy: string): never => {
  throw new ApiError('unauthenticated', { policy });
};

/**
 * A client that is not in the registry counts as the façade's. Nothing follows from that: without evidence, which the façade
 * alone records, a person gets the scope of the own session, and no API accepts that of a client it does not know.
 */
const requestOf = async (
  event: PreTokenGenerationV2TriggerEvent,
  client: DirectoryClient | undefined,
  principal: DirectoryPrincipal,
  { directory, evidence }: IssueTokenPorts,
  now: Date,
): Promise<TokenRequest> => {
  const requested = requestedBy(event);
  if (client === undefined) {
    const handle = event.request.clientMetadata?.[evidenceMember];
    return { through: 'façade', evidence: await evidence.factor(handle, principal.subject, now) };
  }
  if (client.status !== 'active' || client.tenant !== principal.tenant) return refuse('token.client');
  if (client.kind === 'machine')
    return client.client === principal.subject
      ? { through: 'machine', client, requested }
      : refuse('token.client');
  const consent = await directory.consent(principal.subject, client.client);
  return { through: 'application', client, consent, requested };
};

/** Whose token it is: a person's subject, or the id of a machine's client. */
const subjectOf = ({ triggerSource, callerContext, request }: PreTokenGenerationV2TriggerEvent) =>
  (triggerSource as string) === 'TokenGeneration_ClientCredentials'
    ? callerContext.clientId
    : request.userAttributes.sub;

/** What a person or a machine gets. */
const granted = async (
  event: PreTokenGenerationV2TriggerEvent,
  client: DirectoryClient | undefined,
  principal: DirectoryPrincipal | undefined,
  wanted: Factor,
  ports: IssueTokenPorts,
  now: Date,
): Promise<TokenClaims> => {
  if (principal?.status !== 'active' || isExpired(principal, now)) return refuse('token.principal');
  if ((principal.role === 'patient') !== (principal.patient !== undefined)) return refuse('token.principal');
  const tenant = await ports.directory.tenant(principal.tenant);
  if (tenant?.status !== 'active') return refuse('token.tenant');
  const request = await requestOf(event, client, principal, ports, now);
  const given = tokenClaims(principal, request, wanted, now);
  if (client !== undefined && given.scopes.length === 0) return refuse('token.scopes');
  return given;
};

/** What audit entries tell of a registered client's token, whatever becomes of it. */
interface Known {
  readonly client: DirectoryClient;
  readonly principal: DirectoryPrincipal | undefined;
  readonly now: Date;
  readonly mark: ReturnType<AuditLog['mark']>;
}

const operation = 'token.issue';

const entryOf = (
  requestId: string,
  { client, principal, now, mark }: Known,
  { scopes, refusal }: { readonly scopes?: readonly string[]; readonly refusal?: ApiError },
): AuditEntry => {
  const own = principal?.tenant === client.tenant ? principal : undefined;
  const problem = refusal && problems[refusal.code];
  return checkedAuditEntry({
    ...mark,
    format: 1,
    id: entryId(requestId),
    type: problem?.event ?? 'TOKEN_ISSUED',
    time: now.toISOString(),
    tenant: client.tenant,
    operation,
    outcome: problem ? (problem.status < 500 ? 'refused' : 'failure') : 'success',
    status: problem?.status ?? 200,
    duration: 0,
    requestId,
    actor: own?.subject,
    role: own?.role,
    client: client.client,
    scopes,
    policy: refusal?.policy ?? (client.kind === 'machine' ? 'token.machine' : 'token.application'),
    problem: refusal?.code,
  });
};

/**
 * Puts tenant, role, role version and scopes into an access token, from the directory and from what the façade recorded
 * alone: what a client sends is not believed (design.md §4). Anyone the directory does not know as active gets no token. A
 * token of a registered client, or its refusal, leaves an audit entry, without which there is no token; the façade's own
 * entries tell of its tokens. Cognito tells the client why there is none, so that it is always the same words.
 * @throws TypeError at start when the demanded factor is unknown.
 */
export const issueToken = (ports: IssueTokenPorts): TokenTrigger => {
  const { directory, auditLog, log, administrativeFactor, clock = () => new Date() } = ports;
  const wanted: Factor | undefined = factors.find((factor) => factor === administrativeFactor);
  if (wanted === undefined) throw new TypeError(`ADMINISTRATIVE_FACTOR must be one of ${factors.join(', ')}`);
  return async (event, { awsRequestId: requestId }) => {
    const now = clock();
    const subject = subjectOf(event);
    const tell = (error: unknown): void => {
      const { code } = asApiError(error);
      if (problems[code].status >= 500) log.failure({ requestId, operation, code, ...errorPlaces(error) });
    };
    let known: Known | undefined;
    try {
      const [client, principal] = await Promise.all([
        directory.client(event.callerContext.clientId),
        subject === undefined ? undefined : directory.principal(subject),
      ]);
      known = client && { client, principal, now, mark: auditLog.mark() };
      const { claims, scopes } = await granted(event, client, principal, wanted, ports, now);
      if (known) await auditLog.write(entryOf(requestId, known, { scopes }));
      return {
        ...event,
        response: {
          claimsAndScopeOverrideDetails: {
            accessTokenGeneration: {
              claimsToAddOrOverride: { ...claims },
              scopesToAdd: [...scopes],
              scopesToSuppress: [
                selfService,
                ...requestedBy(event).filter((scope) => !scopes.includes(scope)),
              ],
            },
          },
        },
      };
    } catch (error) {
      tell(error);
      if (known) await auditLog.write(entryOf(requestId, known, { refusal: asApiError(error) })).catch(tell);
      throw new Error('No token for this account.');
    }
  };
};
