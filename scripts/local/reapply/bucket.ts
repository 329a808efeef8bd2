import {
  GetBucketEncryptionCommand,
  GetObjectLockConfigurationCommand,
  type ObjectLockConfiguration,
  PutBucketEncryptionCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
  type ServerSideEncryptionByDefault,
} from '@aws-sdk/client-s3';
import { assertKept, type Reapplier } from './reapplier.ts';

interface BucketEncryption {
  readonly ServerSideEncryptionConfiguration: readonly {
    readonly BucketKeyEnabled?: boolean;
    readonly ServerSideEncryptionByDefault?: ServerSideEncryptionByDefault;
  }[];
}

/** Encryption and object lock of `AWS::S3::Bucket`. */
export const reapplyBucket: Reapplier = async ({ id: Bucket, property }, config) => {
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const put: string[] = [];

  const encryption = property<BucketEncryption>('BucketEncryption');
  if (encryption) {
    const Rules = encryption.ServerSideEncryptionConfiguration.map((rule) => ({
      BucketKeyEnabled: rule.BucketKeyEnabled ?? false,
      ...(rule.ServerSideEncryptionByDefault
        ? { ApplyServerSideEncryptionByDefault: rule.ServerSideEncryptionByDefault }
        : {}),
    }));
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    const kept = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const rule = kept.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
    const wanted = Rules[0]?.ApplyServerSideEncryptionByDefault;
    const same =
      rule?.SSEAlgorithm === wanted?.SSEAlgorithm && rule?.KMSMasterKeyID === wanted?.KMSMasterKeyID;
    assertKept(same, 'BucketEncryption', Bucket);
    put.push('BucketEncryption');
  }
  const lock = property<ObjectLockConfiguration>('ObjectLockConfiguration');
  if (lock ?? property<boolean>('ObjectLockEnabled')) {
    const ObjectLockConfiguration = { ...lock, ObjectLockEnabled: 'Enabled' as const };
    await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    const kept = (await s3.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration;
    const mode = kept?.Rule?.DefaultRetention?.Mode;
    assertKept(
      kept?.ObjectLockEnabled === 'Enabled' && mode === lock?.Rule?.DefaultRetention?.Mode,
      'ObjectLock',
      Bucket,
    );
    put.push('ObjectLockConfiguration');
  }
  return put;
};
