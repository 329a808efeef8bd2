import { describe, expect, it, vi } from 'vitest';
import { stageConfig } from '../../lib/config/stages/index.ts';
import type { IamStatement } from './evaluate-policy.ts';
import { evaluatePolicy } from './evaluate-policy.ts';
import type { SynthesizedResource } from './synthesized.ts';
import { synthesized } from './synthesized.ts';

vi.setConfig({ testTimeout: 120_000 });

const prod = synthesized('prod');
const tables = prod.ofType('AWS::DynamoDB::GlobalTable');
const table = (id: string): SynthesizedResource => {
  const found = tables.find((resource) => resource.id.startsWith(id));
  if (!found) throw new Error(`there is no table ${id}`);
  return found;
};
const keyOf = ({ properties }: SynthesizedResource): string =>
  properties.Replicas[0].SSESpecification.KMSMasterKeyId;
const bucket = prod.ofType('AWS::S3::Bucket')[0] as SynthesizedResource;

/** For every kind of thing that stores data: whether it lies under a customer-managed key. */
const underOwnKey: Record<string, (resource: SynthesizedResource) => boolean> = {
  'AWS::DynamoDB::GlobalTable': ({ properties }) =>
    properties.SSESpecification.SSEEnabled === true &&
    properties.SSESpecification.SSEType === 'KMS' &&
    properties.Replicas.every((replica: { SSESpecification: { KMSMasterKeyId: string } }) =>
      replica.SSESpecification.KMSMasterKeyId.startsWith('arn:keys/'),
    ),
  'AWS::S3::Bucket': ({ properties }) =>
    properties.BucketEncryption.ServerSideEncryptionConfiguration.every(
      ({ ServerSideEncryptionByDefault: by }: Record<string, Record<string, string>>) =>
        by?.SSEAlgorithm === 'aws:kms' && by.KMSMasterKeyID?.startsWith('arn:keys/'),
    ),
  'AWS::Logs::LogGroup': ({ properties }) => properties.KmsKeyId?.startsWith('arn:keys/Logs'),
  'AWS::Cognito::UserPool': ({ properties: { KeyConfiguration: key } }) =>
    key.KeyType === 'CUSTOMER_MANAGED_KEY' && key.KmsKeyArn.startsWith('arn:keys/UserPool'),
};

/** What stores nothing of its own; a type in neither list needs a decision. */
const storesNothing = [
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::Authorizer',
  'AWS::ApiGateway::BasePathMapping',
  'AWS::ApiGateway::Deployment',
  'AWS::ApiGateway::DomainName',
  'AWS::ApiGateway::GatewayResponse',
  'AWS::ApiGateway::Method',
  'AWS::ApiGateway::RequestValidator',
  'AWS::ApiGateway::Resource',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGateway::Stage',
  'AWS::Cognito::UserPoolClient',
  'AWS::Cognito::UserPoolDomain',
  'AWS::Cognito::UserPoolResourceServer',
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::S3::BucketPolicy',
  'AWS::WAFv2::LoggingConfiguration',
  'AWS::WAFv2::WebACL',
  'AWS::WAFv2::WebACLAssociation',
];

describe('everything that stores data', () => {
  it('is of a kind that this test knows', () => {
    const known = [...Object.keys(underOwnKey), ...storesNothing];
    expect(prod.resources.map(({ type }) => type).filter((type) => !known.includes(type))).toEqual([]);
  });

  it.each(prod.resources.filter(({ type }) => type in underOwnKey))(
    '$stack/$id lies under a customer-managed key',
    (resource) => expect(underOwnKey[resource.type]?.(resource)).toBe(true),
  );
});

describe('tables', () => {
  it('are the six that the design names, less the sealer’s', () => {
    expect(tables.map(({ stack, id }) => `${stack}/${id.slice(0, -8)}`).sort()).toEqual([
      'audit/Audit',
      'data/Directory',
      'data/Keyring',
      'data/Records',
      'data/Sessions',
    ]);
  });

  it.each(tables)('$id can be restored, not deleted, and expires items', ({ properties, deletionPolicy }) => {
    expect(properties.Replicas).toHaveLength(1);
    const [replica] = properties.Replicas;
    expect(replica.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(true);
    expect(replica.DeletionProtectionEnabled).toBe(true);
    expect(properties.TimeToLiveSpecification).toEqual({ AttributeName: 'ttl', Enabled: true });
    expect(deletionPolicy).toBe('Retain');
  });

  it('keep keys apart from what they open, and the audit trail from both', () => {
    expect(new Set([table('Records'), table('Keyring'), table('Audit')].map(keyOf)).size).toBe(3);
  });

  it('forget keys sooner than records', () => {
    const days = (id: string): number =>
      table(id).properties.Replicas[0].PointInTimeRecoverySpecification.RecoveryPeriodInDays;
    expect(days('Keyring')).toBeLessThan(days('Records'));
  });

  it('answer by actor, patient and risk from the audit trail, and wake its sealer', () => {
    const { GlobalSecondaryIndexes, StreamSpecification } = table('Audit').properties;
    const indexes = GlobalSecondaryIndexes.map(
      ({ IndexName, KeySchema }: { IndexName: string; KeySchema: { AttributeName: string }[] }) => [
        IndexName,
        ...KeySchema.map(({ AttributeName }) => AttributeName),
      ],
    );
    expect(indexes).toEqual([
      ['byActor', 'actorPk', 'sk'],
      ['byPatient', 'patientPk', 'sk'],
      ['byRisk', 'riskPk', 'sk'],
    ]);
    expect(StreamSpecification.StreamViewType).toBe('KEYS_ONLY');
  });
});

describe('the archive', () => {
  const policy = prod.ofType('AWS::S3::BucketPolicy')[0]?.properties.PolicyDocument
    .Statement as IamStatement[];
  const object = `${'arn:audit/'}${bucket.id}/T`;
  const says = (
    action: string,
    resource: string,
    context: Record<string, string> = {},
    principal = 'arn:aws:iam::1:role/x',
  ) =>
    evaluatePolicy(policy, {
      principal,
      action,
      resource,
      context: { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.3', ...context },
    });

  it('is locked for six years at least, beyond anyone’s power', () => {
    expect(bucket.properties.ObjectLockEnabled).toBe(true);
    const { Mode, Days } = bucket.properties.ObjectLockConfiguration.Rule.DefaultRetention;
    expect(Mode).toBe('COMPLIANCE');
    expect(Days).toBeGreaterThanOrEqual(2192);
    expect(bucket.properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(bucket.deletionPolicy).toBe('Retain');
  });

  it('is not public', () => {
    expect(bucket.properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(bucket.properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  });

  it('takes TLS only', () => {
    expect(says('s3:GetObject', object)).toBe('silent');
    expect(says('s3:GetObject', object, { 'aws:SecureTransport': 'false' })).toBe('deny');
    expect(says('s3:GetObject', object, { 's3:TlsVersion': '1.1' })).toBe('deny');
  });

  it('refuses shorter locks, bypasses, and deleting versions', () => {
    const days = (value: string) => ({ 's3:object-lock-remaining-retention-days': value });
    expect(says('s3:PutObjectRetention', object, days('2191'))).toBe('deny');
    expect(says('s3:PutObjectRetention', object, days('2192'))).toBe('silent');
    expect(says('s3:BypassGovernanceRetention', object)).toBe('deny');
    expect(says('s3:DeleteObjectVersion', object)).toBe('deny');
  });

  it.each([
    'PutBucketPolicy',
    'DeleteBucketPolicy',
    'PutBucketObjectLockConfiguration',
    'PutLifecycleConfiguration',
  ])('leaves %s to the deployment', (action) => {
    const { account, region } = prod.config;
    const deployment = `arn:aws:iam::${account}:role/cdk-hnb659fds-cfn-exec-role-${account}-${region}`;
    const resource = `arn:audit/${bucket.id}`;
    expect(says(`s3:${action}`, resource)).toBe('deny');
    expect(says(`s3:${action}`, resource, {}, deployment)).toBe('silent');
  });

  it('cannot be locked for good without naming it', () => {
    const { archive } = stageConfig('prod');
    const { irreversible: _, ...unconfirmed } = archive;
    expect(() => synthesized('prod', { archive: unconfirmed })).toThrow(
      'needs the confirmation "chartlock-prod-audit/Archive"',
    );
    expect(() => synthesized('prod', { archive: { ...archive, irreversible: 'yes' } })).toThrow(
      'archive.irreversible of stage prod is "yes"',
    );
  });

  it.each(['local', 'dev'] as const)('can be undone in stage %s', (stage) => {
    const [resource] = synthesized(stage).ofType('AWS::S3::Bucket');
    expect(resource?.properties.ObjectLockConfiguration.Rule.DefaultRetention).toEqual({
      Mode: 'GOVERNANCE',
      Days: 1,
    });
  });
});

describe('logs', () => {
  it.each(prod.ofType('AWS::Logs::LogGroup'))('$stack/$id are kept', ({ properties, deletionPolicy }) => {
    expect(properties.RetentionInDays).toBe(prod.config.logRetentionDays);
    expect(deletionPolicy).toBe('Retain');
  });
});

it('stateful stacks cannot be deleted in production', () => {
  expect([...prod.protectedStacks].sort()).toEqual(['audit', 'data', 'identity', 'keys']);
});

it('nothing is named by hand but what a service names', () => {
  const nameProperties =
    /^(TableName|BucketName|RoleName|FunctionName|UserPoolName|KeyName|ManagedPolicyName|LogGroupName|AliasName|Name|ClientName|RestApiName)$/;
  const named = prod.resources.flatMap(({ stack, id, type, properties }) =>
    Object.entries(properties)
      .filter(([name, value]) => nameProperties.test(name) && typeof value === 'string')
      .map(([name]) => `${type} ${stack}/${id.replace(/[0-9A-F]{8}$/, '')} ${name}`),
  );
  expect(
    named
      .filter(
        (entry) =>
          !/^AWS::(ApiGateway::(RestApi|Authorizer|RequestValidator)|Cognito::UserPoolResourceServer|Lambda::Permission)/.test(
            entry,
          ),
      )
      .sort(),
  ).toEqual([
    'AWS::Logs::LogGroup clinical-api/ExecutionLog LogGroupName',
    'AWS::Logs::LogGroup edge/FirewallLog LogGroupName',
    'AWS::Logs::LogGroup identity-api/ExecutionLog LogGroupName',
  ]);
});
