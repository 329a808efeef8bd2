import { RemovalPolicy } from 'aws-cdk-lib';
import type { GlobalSecondaryIndexPropsV2, StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** What makes one table. */
export interface ProtectedTableProps {
  readonly encryptionKey: IKey;
  /** @default none */
  readonly indexes?: readonly GlobalSecondaryIndexPropsV2[];
  /** @default no stream */
  readonly stream?: StreamViewType;
  /** How many days back the table can be restored. @default 35 */
  readonly recoveryDays?: number;
}

/**
 * A table with string keys `pk` and `sk`, under a customer-managed key, restorable to any second, protected against
 * deletion, and expiring items by `ttl`.
 * @stateful
 */
export class ProtectedTable extends TableV2 {
  constructor(scope: Construct, id: string, props: ProtectedTableProps) {
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.customerManagedKey(props.encryptionKey),
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        recoveryPeriodInDays: props.recoveryDays ?? 35,
      },
      deletionProtection: true,
      timeToLiveAttribute: 'ttl',
      removalPolicy: RemovalPolicy.RETAIN,
      ...(props.indexes && { globalSecondaryIndexes: [...props.indexes] }),
      ...(props.stream && { dynamoStream: props.stream }),
    });
  }
}
