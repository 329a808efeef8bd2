import { expect, test } from 'vitest';
import {
  accessKey,
  branchKeyKey,
  currentBranchKeyKey,
  historyKey,
  idempotencyKey,
  indexKey,
  patientKeysKey,
  recordKey,
} from '../../../lambdas/domain/storage-keys.ts';

const address = { tenant: 'tenant000001', patient: 'P', resource: 'Vital', id: 'P.V' };

test('keys have the documented form, each within its tenant', () => {
  const partition = 'T#tenant000001#P#P';
  expect(recordKey(address)).toEqual({ pk: partition, sk: 'Vital#P.V' });
  expect(historyKey(address, 12)).toEqual({ pk: partition, sk: 'H#Vital#P.V#0000000012' });
  expect(accessKey('tenant000001', 'P')).toEqual({ pk: partition, sk: 'ACCESS' });
  expect(patientKeysKey('tenant000001', 'P')).toEqual({ pk: partition, sk: 'KEYS' });
  expect(indexKey(address, 'Vital.code#h')).toEqual({ pk: 'T#tenant000001#X#Vital.code#h', sk: 'Vital#P.V' });
  expect(idempotencyKey('tenant000001', 'd')).toEqual({ pk: 'T#tenant000001#I#d', sk: 'I' });
  expect(branchKeyKey('tenant000001', 'index', 3)).toEqual({ pk: 'T#tenant000001#B#index', sk: 'v000003' });
  expect(currentBranchKeyKey('tenant000001', 'index')).toEqual({
    pk: 'T#tenant000001#B#index',
    sk: 'CURRENT',
  });
});

test.each(['', 'tenant', 'tenant000001#P', 'TENANT000001', 'tenant000001\n'])(
  'no key is made for what is no tenant id: %j',
  (tenant) => {
    expect(() => recordKey({ ...address, tenant })).toThrow(TypeError);
    expect(() => branchKeyKey(tenant, 'index', 1)).toThrow(TypeError);
  },
);
