import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { callTimeouts } from './aws-clients.ts';

/** The clients of one tenant: their credentials name it, so that IAM refuses another tenant's items and keys. */
export interface TenantClients {
  readonly dynamodb: DynamoDBClient;
  readonly kms: KMSClient;
}

/** Gives a tenant's clients; credentials are fetched when one is first used. */
export type ClientsFor = (tenant: string) => TenantClients;

/** How tenants' clients are made. */
export interface TenantClientsOptions {
  /** The role that is assumed with the session tag `tenant`. */
  readonly roleArn: string;
  /** Names the session in CloudTrail: the function. */
  readonly sessionName: string;
  /** @default a client with the function's own credentials */
  readonly sts?: STSClient;
  /** How many tenants' clients are kept; the one unused longest goes first. @default 200 */
  readonly maximumTenants?: number;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

const renewalMilliseconds = 5 * 60 * 1000;

/** The credentials of a function for one tenant, renewed five minutes before they expire. */
const tenantCredentials = (
  sts: STSClient,
  { roleArn, sessionName }: TenantClientsOptions,
  tenant: string,
): (() => Promise<Credentials>) => {
  let current: Promise<Credentials> | undefined;
  let renewAt = 0;
  const assume = async (): Promise<Credentials> => {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: sessionName,
        Tags: [{ Key: 'tenant', Value: tenant }],
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new Error('STS gave no credentials');
    renewAt = Expiration.getTime() - renewalMilliseconds;
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    };
  };
  return () => {
    if (current === undefined || Date.now() >= renewAt) {
      renewAt = Number.POSITIVE_INFINITY;
      current = assume().catch((error: unknown) => {
        current = undefined;
        throw error;
      });
    }
    return current;
  };
};

/** Keeps clients per tenant, bounded; all of them share their connections. */
export const tenantClients = (options: TenantClientsOptions): ClientsFor => {
  const { maximumTenants = 200 } = options;
  const sts = options.sts ?? new STSClient({ requestHandler: callTimeouts });
  const kept = new Map<string, TenantClients>();
  let handlers: Pick<DynamoDBClient['config'], 'requestHandler'> | undefined;

  const create = (tenant: string): TenantClients => {
    const credentials = tenantCredentials(sts, options, tenant);
    const requestHandler = handlers?.requestHandler ?? callTimeouts;
    const dynamodb = new DynamoDBClient({ credentials, requestHandler });
    handlers = { requestHandler: dynamodb.config.requestHandler };
    return { dynamodb, kms: new KMSClient({ credentials, requestHandler: handlers.requestHandler }) };
  };

  return (tenant) => {
    const clients = kept.get(tenant) ?? create(tenant);
    kept.delete(tenant);
    kept.set(tenant, clients);
    const oldest = kept.keys().next();
    if (kept.size > maximumTenants && !oldest.done) kept.delete(oldest.value);
    return clients;
  };
};
