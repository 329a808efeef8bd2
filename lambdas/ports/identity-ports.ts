import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { type AccessReviews, accessReviews } from './access-reviews.ts';
import type { AccessTokens } from './access-tokens.ts';
import { type Accounts, accounts } from './accounts.ts';
import { type AppClients, appClients } from './app-clients.ts';
import { type AuditPut, auditPut } from './audit-log.ts';
import { ownCognito, ownKms } from './aws-clients.ts';
import { type ClientDirectory, clientDirectory } from './client-directory.ts';
import { type Directory, directory } from './directory.ts';
import type { Log } from './log.ts';
import { type Passkeys, passkeys } from './passkeys.ts';
import { type RelyingParty, relyingParty } from './relying-party.ts';
import type { SessionStore } from './session-store.ts';
import { type SignInClient, signInClient } from './sign-in-client.ts';
import { type SignInEvidence, signInEvidence } from './sign-in-evidence.ts';
import { type SignInStore, signInStore } from './sign-in-store.ts';
import type { StepUpProofs } from './step-up-proofs.ts';
import { vault } from './vault.ts';

/** What the identity operations need of AWS, beside the chain's. */
export interface OwnIdentityPorts {
  readonly accounts: Accounts;
  readonly signIn: SignInClient;
  readonly signIns: SignInStore;
  readonly directory: Directory;
  readonly reviews: AccessReviews;
  readonly clients: ClientDirectory;
  readonly appClients: AppClients;
  readonly evidence: SignInEvidence;
  readonly passkeys: Passkeys;
  readonly relyingParty: RelyingParty;
  /** The `Put` of an audit entry, for a transaction. */
  readonly auditPut: (entry: AuditEntry) => AuditPut;
  /** The client through which the façade signs people in. */
  readonly client: string;
}

/** What the identity operations need. */
export interface IdentityPorts extends OwnIdentityPorts {
  readonly tokens: AccessTokens;
  readonly sessions: SessionStore;
  readonly proofs: StepUpProofs;
  readonly log: Log;
}

/** The variables that the identity function is given beside the chain's. */
export interface IdentityEnvironment {
  readonly USER_POOL_ID: string;
  readonly SIGN_IN_CLIENT_ID: string;
  readonly IDENTITY_KEY_ARN: string;
  readonly SESSIONS_TABLE: string;
  readonly DIRECTORY_TABLE: string;
  readonly AUDIT_TABLE: string;
  /** How long access and refresh tokens of registered clients live. */
  readonly ACCESS_MINUTES: string;
  readonly REFRESH_MINUTES: string;
  /** The domain that passkeys are bound to. */
  readonly RELYING_PARTY_ID: string;
  /** Where passkeys may be used, separated by commas. */
  readonly PASSKEY_ORIGINS: string;
}

/** The identity operations' ports in AWS, with the function's own credentials. */
export const identityPorts = (
  environment: IdentityEnvironment,
  { dynamodb }: { readonly dynamodb: DynamoDBClient },
): OwnIdentityPorts => {
  const { USER_POOL_ID: pool, SIGN_IN_CLIENT_ID: client, IDENTITY_KEY_ARN: key } = environment;
  const cognito = ownCognito();
  return {
    client,
    accounts: accounts({ pool, cognito }),
    signIn: signInClient({ pool, client, cognito }),
    signIns: signInStore({
      table: environment.SESSIONS_TABLE,
      dynamodb,
      vault: vault({ key, kms: ownKms() }),
    }),
    passkeys: passkeys({ table: environment.DIRECTORY_TABLE, dynamodb }),
    relyingParty: relyingParty({
      id: environment.RELYING_PARTY_ID,
      origins: environment.PASSKEY_ORIGINS.split(','),
    }),
    evidence: signInEvidence({ table: environment.SESSIONS_TABLE, dynamodb }),
    directory: directory({ table: environment.DIRECTORY_TABLE, dynamodb }),
    reviews: accessReviews({ table: environment.DIRECTORY_TABLE, dynamodb }),
    clients: clientDirectory({ table: environment.DIRECTORY_TABLE, dynamodb }),
    appClients: appClients({
      pool,
      cognito,
      accessMinutes: Number(environment.ACCESS_MINUTES),
      refreshMinutes: Number(environment.REFRESH_MINUTES),
    }),
    auditPut: (entry) => auditPut(environment.AUDIT_TABLE, entry),
  };
};
