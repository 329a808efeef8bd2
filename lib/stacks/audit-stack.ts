import type { StackProps } from 'aws-cdk-lib';
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, ProjectionType, StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stage-config.ts';
import { deploymentRole } from '../constructs/managed-key.ts';
import { ProtectedTable } from '../constructs/protected-table.ts';
import type { KeysStack } from './keys-stack.ts';

/** What the audit store needs. */
export interface AuditStackProps extends StackProps {
  readonly config: StageConfig;
  readonly keys: KeysStack;
}

const index = (indexName: string, partition: string) => ({
  indexName,
  partitionKey: { name: partition, type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
  projectionType: ProjectionType.ALL,
});

/**
 * The audit table, and the archive in which what is written stays (design.md §6).
 * @stateful
 */
export class AuditStack extends Stack {
  readonly table: ProtectedTable;
  readonly archive: Bucket;

  /** @throws TypeError when the lock cannot be undone and the configuration does not confirm it by naming the bucket. */
  constructor(scope: Construct, id: string, { config, keys, ...props }: AuditStackProps) {
    super(scope, id, props);
    this.table = new ProtectedTable(this, 'Audit', {
      encryptionKey: keys.audit,
      indexes: [index('byActor', 'actorPk'), index('byPatient', 'patientPk'), index('byRisk', 'riskPk')],
      stream: StreamViewType.KEYS_ONLY,
    });
    this.archive = this.lockedBucket(config, keys);
    new CfnOutput(this, 'AuditTable', { value: this.table.tableName });
    new CfnOutput(this, 'ArchiveBucket', { value: this.archive.bucketName });
  }

  private lockedBucket({ archive, stage }: StageConfig, keys: KeysStack): Bucket {
    const retention = Duration.days(archive.days);
    const bucket = new Bucket(this, 'Archive', {
      objectLockEnabled: true,
      objectLockDefaultRetention:
        archive.mode === 'COMPLIANCE'
          ? ObjectLockRetention.compliance(retention)
          : ObjectLockRetention.governance(retention),
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: keys.audit,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (archive.mode === 'COMPLIANCE' && archive.irreversible !== bucket.node.path)
      throw new TypeError(
        `archive.irreversible of stage ${stage} is ${JSON.stringify(archive.irreversible)}, but a COMPLIANCE lock of ${archive.days} days, which nobody can undo, needs the confirmation ${JSON.stringify(bucket.node.path)}`,
      );
    for (const statement of this.lockStatements(bucket, archive.days)) bucket.addToResourcePolicy(statement);
    return bucket;
  }

  private lockStatements(bucket: Bucket, days: number): PolicyStatement[] {
    const deny = (
      sid: string,
      actions: string[],
      resources: string[],
      conditions: Record<string, Record<string, string>>,
    ): PolicyStatement =>
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions,
        resources,
        conditions,
      });
    const objects = bucket.arnForObjects('*');
    return [
      deny('NoShorterRetention', ['s3:PutObjectRetention'], [objects], {
        NumericLessThan: { 's3:object-lock-remaining-retention-days': `${days}` },
      }),
      deny('NoBypass', ['s3:BypassGovernanceRetention', 's3:DeleteObjectVersion'], [objects], {}),
      deny(
        'ConfigurationByDeploymentOnly',
        [
          's3:DeleteBucketPolicy',
          's3:PutBucketObjectLockConfiguration',
          's3:PutBucketPolicy',
          's3:PutBucketVersioning',
          's3:PutEncryptionConfiguration',
          's3:PutLifecycleConfiguration',
        ],
        [bucket.bucketArn],
        { ArnNotLike: { 'aws:PrincipalArn': deploymentRole(this) } },
      ),
    ];
  }
}
