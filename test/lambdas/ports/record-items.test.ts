import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../../lambdas/ports/batch-get.ts';
import {
  accessFrom,
  accessItem,
  idempotencyFrom,
  idempotencyItem,
  patientKeysFrom,
  patientKeysItem,
  recordFrom,
  recordItem,
} from '../../../lambdas/ports/record-items.ts';

const address = { tenant: 'tenant000001', patient: 'P', resource: 'Patient', id: 'P' };
const bytes = (text: string) => new TextEncoder().encode(text);
const record = {
  ...address,
  version: 1,
  createdAt: 'c',
  updatedAt: 'u',
  plain: '{}',
  sealed: { mrn: bytes('e') },
  digests: { mrn: bytes('d') },
  indexes: ['i'],
  code: bytes('c'),
};
const access = { tenant: 'tenant000001', patient: 'P', version: 1, content: '{}', code: bytes('c') };
const keys = { tenant: 'tenant000001', patient: 'P', wrapped: { 'identity.1': bytes('k') } };
const remembered = {
  tenant: 'tenant000001',
  digest: 'd',
  body: bytes('b'),
  id: 'i',
  version: 1,
  expiresAt: 5,
  code: bytes('c'),
};

const kinds: readonly (readonly [string, Item, (item: Item) => unknown, object])[] = [
  ['a record', recordItem({ pk: 'p', sk: 's' }, record), (item) => recordFrom(address, item), record],
  ['an Access item', accessItem(access), (item) => accessFrom(access, item), access],
  ["a patient's keys", patientKeysItem(keys), (item) => patientKeysFrom(keys, item), keys],
  [
    'a remembered request',
    idempotencyItem(remembered),
    (item) => idempotencyFrom(remembered, item),
    remembered,
  ],
];

const others: readonly AttributeValue[] = [
  { S: 'x' },
  { N: '5' },
  { N: '-1' },
  { N: '0' },
  { N: '1.5' },
  { N: '99999999999999999999' },
  { N: '99999999999999999999.5' },
  { B: bytes('x') },
  { B: new Uint8Array() },
  { BOOL: true },
  { NULL: true },
  { L: [{ N: '1' }] },
  { M: { x: { S: 'x' } } },
];
const typeOf = (value: AttributeValue | undefined): string => Object.keys(value ?? {})[0] ?? '';
const isVersion = ({ N = '0' }: AttributeValue): boolean => N === '5';

describe.each(kinds)('%s', (_, item, from, original) => {
  const attributes = Object.keys(item).filter((name) => !['pk', 'sk'].includes(name));

  test('is read as it was written', () => {
    expect(from(item)).toEqual(original);
  });

  test('whose it is comes from where it was asked for', () => {
    expect(
      from({ ...item, pk: { S: 'T#tenant000002#P#Q' }, sk: { S: 'x' }, patient: { B: bytes('Q') } }),
    ).toMatchObject({
      tenant: 'tenant000001',
    });
  });

  test.each(attributes)('with %s in another form is refused', (name) => {
    const own = item[name];
    for (const other of others) {
      if (
        typeOf(own) === typeOf(other) &&
        !['L', 'M'].includes(typeOf(own)) &&
        !(typeOf(own) === 'N' && !isVersion(other))
      )
        continue;
      expect(() => from({ ...item, [name]: other }), JSON.stringify(other)).toThrow(
        expect.objectContaining({ code: 'integrity-failure' }),
      );
    }
  });

  test('without an attribute is refused', () => {
    if (attributes.length === 1) return;
    for (const name of attributes) {
      const { [name]: _gone, ...rest } = item;
      expect(() => from(rest)).toThrow(expect.objectContaining({ code: 'integrity-failure' }));
    }
  });
});
