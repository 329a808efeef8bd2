import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { assertKept, type Reapplier } from './reapplier.ts';

interface Replica {
  readonly Region: string;
  readonly DeletionProtectionEnabled?: boolean;
  readonly PointInTimeRecoverySpecification?: {
    PointInTimeRecoveryEnabled?: boolean;
    RecoveryPeriodInDays?: number;
  };
  readonly SSESpecification?: { KMSMasterKeyId: string };
}

/** Encryption, deletion protection, point-in-time recovery and time to live of `AWS::DynamoDB::GlobalTable`. */
export const reapplyGlobalTable: Reapplier = async ({ id: TableName, property }, config) => {
  const dynamo = new DynamoDBClient(config);
  const put: string[] = [];
  const replica = property<Replica[]>('Replicas')?.find(({ Region }) => Region === config.region);
  const table = async () => (await dynamo.send(new DescribeTableCommand({ TableName }))).Table;

  if (property<{ SSEEnabled?: boolean }>('SSESpecification')?.SSEEnabled) {
    const key = replica?.SSESpecification?.KMSMasterKeyId;
    const SSESpecification = {
      Enabled: true,
      SSEType: 'KMS' as const,
      ...(key ? { KMSMasterKeyId: key } : {}),
    };
    await dynamo.send(new UpdateTableCommand({ TableName, SSESpecification }));
    assertKept((await table())?.SSEDescription?.Status === 'ENABLED', 'SSESpecification', TableName);
    put.push('SSESpecification');
  }
  if (replica?.DeletionProtectionEnabled) {
    await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
    assertKept((await table())?.DeletionProtectionEnabled === true, 'DeletionProtectionEnabled', TableName);
    put.push('DeletionProtectionEnabled');
  }
  const recovery = replica?.PointInTimeRecoverySpecification;
  if (recovery?.PointInTimeRecoveryEnabled) {
    await dynamo.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { ...recovery, PointInTimeRecoveryEnabled: true },
      }),
    );
    const kept = await dynamo.send(new DescribeContinuousBackupsCommand({ TableName }));
    const status =
      kept.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    assertKept(status === 'ENABLED', 'PointInTimeRecoverySpecification', TableName);
    put.push('PointInTimeRecoverySpecification');
  }
  const timeToLive = property<{ AttributeName: string; Enabled: boolean }>('TimeToLiveSpecification');
  if (timeToLive?.Enabled) {
    const before = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
    if (before.TimeToLiveDescription?.TimeToLiveStatus !== 'ENABLED') {
      await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: timeToLive }));
    }
    const kept = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
    const attribute = kept.TimeToLiveDescription?.AttributeName;
    assertKept(attribute === timeToLive.AttributeName, 'TimeToLiveSpecification', TableName);
    put.push('TimeToLiveSpecification');
  }
  return put;
};
