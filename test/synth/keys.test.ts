import { describe, expect, it } from 'vitest';
import type { IamStatement } from './evaluate-policy.ts';
import { evaluatePolicy, isAllowed } from './evaluate-policy.ts';
import { keyPolicy, roleOf } from './roles.ts';
import { synthesized } from './synthesized.ts';

const prod = synthesized('prod');
const keys = prod.ofType('AWS::KMS::Key');
const names = ['Field', 'Data', 'Keyring', 'Audit', 'Identity', 'UserPool', 'Logs'];
const administrator = prod.config.keyAdministrators[0] ?? '';
const account = prod.config.account;
const deployment = `arn:aws:iam::${account}:role/cdk-hnb659fds-cfn-exec-role-${account}-${prod.config.region}`;
const root = `arn:aws:iam::${account}:root`;
const mighty = `arn:aws:iam::${account}:role/Administrator`;
const everything: readonly IamStatement[] = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
const cryptographic = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
];
const context = {
  'kms:CallerAccount': account,
  'kms:EncryptionContext:tenant': 'aaaaaaaaaaaa',
  'kms:EncryptionContext:compartment': 'clinical',
  'kms:EncryptionContextKeys': ['tenant', 'compartment'],
  'aws:PrincipalTag/tenant': 'aaaaaaaaaaaa',
};
const may = (key: string, principal: string, action: string, more: Record<string, string> = {}): boolean =>
  isAllowed(
    { principal, action: `kms:${action}`, resource: 'key', context: { ...context, ...more } },
    everything,
    keyPolicy(prod, key),
  );

describe('keys', () => {
  it('are apart for each kind of thing', () => {
    expect(keys.map(({ id }) => id.slice(0, -8)).sort()).toEqual([...names].sort());
  });

  it.each(keys)('$id rotates yearly, and is kept and destroyed slowly', ({ properties, deletionPolicy }) => {
    expect(properties.EnableKeyRotation).toBe(true);
    expect(properties.RotationPeriodInDays).toBeLessThanOrEqual(365);
    expect(properties.PendingWindowInDays).toBe(30);
    expect(deletionPolicy).toBe('Retain');
  });

  it.each(keys)('$id gives no one every action', ({ properties }) => {
    const allowed = (properties.KeyPolicy.Statement as IamStatement[]).filter(
      ({ Effect }) => Effect === 'Allow',
    );
    expect(allowed.flatMap(({ Action }) => Action).filter((action) => `${action}`.includes('*'))).toEqual([]);
    expect(
      allowed.filter(({ Principal }) => Principal === '*' || JSON.stringify(Principal) === '{"AWS":"*"}'),
    ).toEqual([]);
  });
});

describe.each(names)('the policy of key %s', (key) => {
  it('lets its administrators keep it', () => {
    for (const action of [
      'DescribeKey',
      'EnableKeyRotation',
      'RotateKeyOnDemand',
      'DisableKey',
      'CancelKeyDeletion',
    ])
      expect(may(key, administrator, action)).toBe(true);
    const window = (days: string) => ({ 'kms:ScheduleKeyDeletionPendingWindowInDays': days });
    expect(may(key, administrator, 'ScheduleKeyDeletion', window('30'))).toBe(true);
    expect(may(key, administrator, 'ScheduleKeyDeletion', window('7'))).toBe(false);
  });

  it.each([...cryptographic, 'CreateGrant', 'PutKeyPolicy'])('never lets its administrators %s', (action) => {
    const through = { 'kms:ViaService': `dynamodb.${prod.config.region}.amazonaws.com` };
    for (const more of [{}, through]) {
      const request = {
        principal: administrator,
        action: `kms:${action}`,
        resource: 'key',
        context: { ...context, ...more },
      };
      expect(evaluatePolicy(keyPolicy(prod, key), request)).toBe('deny');
    }
  });

  it.each(cryptographic)('lets neither root nor a mighty role %s', (action) => {
    for (const service of ['', 'dynamodb', 'cognito-idp', 's3'])
      for (const principal of [root, mighty])
        expect(
          may(key, principal, action, { 'kms:ViaService': `${service}.${prod.config.region}.amazonaws.com` }),
        ).toBe(false);
  });

  it('lets the deployment and, as the last resort, root change it, and nobody else', () => {
    expect(may(key, deployment, 'PutKeyPolicy')).toBe(true);
    expect(may(key, root, 'PutKeyPolicy')).toBe(true);
    expect(may(key, mighty, 'PutKeyPolicy')).toBe(false);
    for (const name of ['clinical', 'identity', 'operator'] as const)
      expect(may(key, roleOf(prod, name, 'own').arn, 'PutKeyPolicy')).toBe(false);
  });

  it('does not let the deployment use it directly', () => {
    for (const action of [...cryptographic, 'CreateGrant']) expect(may(key, deployment, action)).toBe(false);
  });
});

describe('the root of field encryption', () => {
  const clinical = roleOf(prod, 'clinical', 'tenant').arn;

  it('opens branch keys for the tenant role of the clinical function only', () => {
    expect(may('Field', clinical, 'Decrypt')).toBe(true);
    for (const name of ['clinical', 'identity', 'operator', 'pre-token'] as const)
      expect(may('Field', roleOf(prod, name, 'own').arn, 'Decrypt')).toBe(false);
    expect(may('Field', roleOf(prod, 'identity', 'tenant').arn, 'Decrypt')).toBe(false);
  });

  it('demands the own tenant and a compartment of the capability by itself', () => {
    expect(may('Field', clinical, 'Decrypt', { 'aws:PrincipalTag/tenant': 'bbbbbbbbbbbb' })).toBe(false);
    expect(may('Field', clinical, 'Decrypt', { 'kms:EncryptionContext:compartment': 'billing' })).toBe(false);
    expect(may('Field', clinical, 'Decrypt', { 'kms:EncryptionContext:compartment': 'restricted' })).toBe(
      false,
    );
  });

  it('makes branch keys for the operator, who never sees one', () => {
    const operator = roleOf(prod, 'operator', 'own').arn;
    expect(may('Field', operator, 'GenerateDataKeyWithoutPlaintext')).toBe(true);
    expect(may('Field', operator, 'GenerateDataKey')).toBe(false);
    expect(may('Field', clinical, 'GenerateDataKeyWithoutPlaintext')).toBe(false);
  });
});
