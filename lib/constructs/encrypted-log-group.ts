import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stage-config.ts';

/** What makes one log group. */
export interface EncryptedLogGroupProps {
  readonly config: StageConfig;
  readonly encryptionKey: IKey;
  /** Only where a service demands a name. @default generated */
  readonly logGroupName?: string;
}

/** A log group under a customer-managed key, kept as long as the stage says. */
export class EncryptedLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { config, encryptionKey, logGroupName }: EncryptedLogGroupProps) {
    super(scope, id, {
      encryptionKey,
      retention: config.logRetentionDays,
      removalPolicy: config.stage === 'prod' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(logGroupName !== undefined && { logGroupName }),
    });
  }
}
