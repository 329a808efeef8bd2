import {
  CloudFormationClient,
  GetTemplateCommand,
  ListStackResourcesCommand,
  paginateListStacks,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { GetFunctionConcurrencyCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketEncryptionCommand, GetObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { rootKeys } from '../../scripts/local/administrator.ts';
import type { Template } from '../../scripts/local/assembly.ts';

const { emulator, region } = inject('runtime');
const config = { endpoint: emulator.endpoint, region, credentials: { ...rootKeys }, forcePathStyle: true };

interface Deployed {
  readonly type: string;
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
}
const deployed: Deployed[] = [];

beforeAll(async () => {
  const cloudFormation = new CloudFormationClient(config);
  const names: string[] = [];
  for await (const page of paginateListStacks({ client: cloudFormation }, {})) {
    names.push(...(page.StackSummaries ?? []).map(({ StackName = '' }) => StackName));
  }
  for (const StackName of names.filter((name) => name.startsWith('chartlock-'))) {
    const { TemplateBody = '{}' } = await cloudFormation.send(new GetTemplateCommand({ StackName }));
    const { Resources } = JSON.parse(TemplateBody) as Template;
    const { StackResourceSummaries = [] } = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName }),
    );
    for (const {
      LogicalResourceId = '',
      PhysicalResourceId = '',
      ResourceType = '',
    } of StackResourceSummaries) {
      deployed.push({
        type: ResourceType,
        id: PhysicalResourceId,
        properties: Resources[LogicalResourceId]?.Properties ?? {},
      });
    }
  }
});

const ofType = (type: string, property: string) => {
  const found = deployed.filter(
    (resource) => resource.type === type && resource.properties[property] !== undefined,
  );
  expect(found, `${type} with ${property}`).not.toHaveLength(0);
  return found;
};

/** What the templates ask for is there when read back from the services, although CloudFormation left it out. */
describe('settings that the runtime puts again', () => {
  it('encrypts every table with a customer-managed key, protects it from deletion and keeps backups', async () => {
    const dynamo = new DynamoDBClient(config);
    for (const { id: TableName } of ofType('AWS::DynamoDB::GlobalTable', 'SSESpecification')) {
      const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
      expect(Table?.SSEDescription).toMatchObject({
        Status: 'ENABLED',
        SSEType: 'KMS',
        KMSMasterKeyArn: expect.stringContaining(':key/'),
      });
      expect(Table?.DeletionProtectionEnabled).toBe(true);
      const { ContinuousBackupsDescription } = await dynamo.send(
        new DescribeContinuousBackupsCommand({ TableName }),
      );
      expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
        'ENABLED',
      );
    }
  });

  it('expires items by the attribute that the template names', async () => {
    const dynamo = new DynamoDBClient(config);
    for (const { id: TableName, properties } of ofType(
      'AWS::DynamoDB::GlobalTable',
      'TimeToLiveSpecification',
    )) {
      const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
      const { AttributeName } = properties.TimeToLiveSpecification as { AttributeName: string };
      expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName });
    }
  });

  it('locks and encrypts the archive', async () => {
    const s3 = new S3Client(config);
    for (const { id: Bucket, properties } of ofType('AWS::S3::Bucket', 'ObjectLockConfiguration')) {
      const lock = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
      expect(lock.ObjectLockConfiguration).toMatchObject(properties.ObjectLockConfiguration as object);
      const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      expect(
        encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
      ).toMatchObject({
        SSEAlgorithm: 'aws:kms',
        KMSMasterKeyID: expect.stringContaining(':key/'),
      });
    }
  });

  it('reserves concurrency', async () => {
    const lambda = new LambdaClient(config);
    for (const { id: FunctionName, properties } of ofType(
      'AWS::Lambda::Function',
      'ReservedConcurrentExecutions',
    )) {
      const { ReservedConcurrentExecutions } = await lambda.send(
        new GetFunctionConcurrencyCommand({ FunctionName }),
      );
      expect(ReservedConcurrentExecutions).toBe(properties.ReservedConcurrentExecutions);
    }
  });
});
