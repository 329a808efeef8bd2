import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type SessionLimitsEnvironment, sessionLimits } from '../domain/session-limits.ts';
import { type StepUpEnvironment, stepUpLife } from '../domain/step-up.ts';
import type { AccessTokens } from './access-tokens.ts';
import { accessTokens } from './access-tokens.ts';
import { type AuditLog, auditLog } from './audit-log.ts';
import { clientRegistry } from './client-registry.ts';
import { directory } from './directory.ts';
import { type Log, log } from './log.ts';
import { type SessionStore, sessionStore } from './session-store.ts';
import { type StepUpProofs, stepUpProofs } from './step-up-proofs.ts';
import type { ClientsFor } from './tenant-credentials.ts';
import { tokenKeys, tokenKeysUrl } from './token-keys.ts';

/** The variables that every function of an API is given. */
export interface ChainEnvironment extends SessionLimitsEnvironment, StepUpEnvironment {
  readonly AUDIT_TABLE: string;
  readonly SESSIONS_TABLE: string;
  readonly DIRECTORY_TABLE: string;
  readonly ISSUER: string;
  /** The façade's own clients, separated by commas; every other client is registered in the directory. */
  readonly CLIENT_IDS: string;
  /** Set by a local emulator only. */
  readonly AWS_ENDPOINT_URL?: string | undefined;
}

/** What the chain needs of AWS. */
export interface AwsChainPorts {
  readonly auditLog: AuditLog;
  readonly tokens: AccessTokens;
  readonly sessions: SessionStore;
  readonly proofs: StepUpProofs;
  readonly log: Log;
}

/** The chain's ports in AWS: tenants' data under tenants' credentials, the directory under the function's own. */
export const chainPorts = (
  environment: ChainEnvironment,
  { clientsFor, dynamodb }: { readonly clientsFor: ClientsFor; readonly dynamodb: DynamoDBClient },
): AwsChainPorts => {
  const clientFor = (tenant: string): DynamoDBClient => clientsFor(tenant).dynamodb;
  const people = directory({ table: environment.DIRECTORY_TABLE, dynamodb });
  return {
    log: log(),
    auditLog: auditLog({ table: environment.AUDIT_TABLE, clientFor }),
    tokens: accessTokens({
      issuer: environment.ISSUER,
      clients: clientRegistry({ own: new Set(environment.CLIENT_IDS.split(',')), directory: people }),
      keys: tokenKeys(tokenKeysUrl(environment.ISSUER, environment.AWS_ENDPOINT_URL)),
    }),
    proofs: stepUpProofs({
      table: environment.SESSIONS_TABLE,
      life: stepUpLife(environment),
      clientFor,
    }),
    sessions: sessionStore({
      table: environment.SESSIONS_TABLE,
      clientFor,
      limitsOf: sessionLimits(environment),
      directory: people,
    }),
  };
};
