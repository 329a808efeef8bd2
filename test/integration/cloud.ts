import { hash } from 'node:crypto';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type { RuntimeInfo } from '../../scripts/local/runtime-info.ts';

/** The account below the platform, seen with an administrator's credentials. */
export interface Cloud {
  readonly cognito: CognitoIdentityProviderClient;
  readonly dynamodb: DynamoDBClient;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly sts: STSClient;
  readonly trail: CloudTrailClient;
}

/** Clients of the services that the platform was deployed into. */
export const openCloud = ({ emulator, region, account }: RuntimeInfo): Cloud => {
  const { endpoint, accessKeyId, secretAccessKey } = emulator;
  const settings = { endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 2 };
  // No key policy lets an IAM administrator disable a key; the emulator's root is above them.
  const root = { accessKeyId: account, secretAccessKey: 'root' };
  return {
    cognito: new CognitoIdentityProviderClient(settings),
    dynamodb: new DynamoDBClient(settings),
    iam: new IAMClient(settings),
    kms: new KMSClient({ ...settings, credentials: root }),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sts: new STSClient(settings),
    trail: new CloudTrailClient(settings),
  };
};

/** An item as DynamoDB holds it. */
export type Item = Record<string, AttributeValue>;

/** Every item of a table, or those whose partition key begins in some way. */
export const itemsOf = async (
  { dynamodb }: Cloud,
  table: string,
  partition?: string,
): Promise<readonly Item[]> => {
  const filter = partition && {
    FilterExpression: 'begins_with(pk, :partition)',
    ExpressionAttributeValues: { ':partition': { S: partition } },
  };
  const items: Item[] = [];
  for await (const page of paginateScan(
    { client: dynamodb },
    { TableName: table, ConsistentRead: true, ...filter },
  ))
    items.push(...(page.Items ?? []));
  return items;
};

/** A digest of what a table holds, or of the items whose partition key begins in some way. */
export const contentsOf = async (cloud: Cloud, table: string, partition?: string): Promise<string> => {
  const items = await itemsOf(cloud, table, partition);
  return `${items.length} items of ${table}, ${hash('sha256', JSON.stringify(items))}`;
};

/** The role and the environment variables of a function. */
export const environmentOf = async (
  { lambda }: Cloud,
  name: string,
): Promise<{ readonly role: string; readonly variables: Readonly<Record<string, string>> }> => {
  const { Role = '', Environment } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: name }),
  );
  return { role: Role, variables: Environment?.Variables ?? {} };
};

/** Changes a function's environment variables, or nothing, and has its next request served by a new, cold process. */
export const renewFunction = async (
  cloud: Cloud,
  name: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const { variables } = await environmentOf(cloud, name);
  await cloud.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: name,
      Environment: { Variables: { ...variables, ...changes } },
    }),
  );
  await waitUntilFunctionUpdatedV2(
    { client: cloud.lambda, maxWaitTime: 20, minDelay: 0.1, maxDelay: 1 },
    { FunctionName: name },
  );
};
