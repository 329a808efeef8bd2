import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { DirectoryPrincipal, PrincipalChange, PrincipalVersion } from '../domain/directory-entry.ts';

type Key = Record<'pk' | 'sk', AttributeValue>;

/** The key of someone, or of a machine, in the directory. */
export const principalKey = (subject: string): Key => ({ pk: { S: `U#${subject}` }, sk: { S: 'PRINCIPAL' } });
/** The key of a tenant's list entry of a principal. */
export const memberKey = ({ tenant, subject }: Pick<DirectoryPrincipal, 'tenant' | 'subject'>): Key => ({
  pk: { S: `T#${tenant}#U` },
  sk: { S: subject },
});

const unchanged =
  '#tenant = :wasTenant AND #role = :wasRole AND #version = :wasVersion AND #status = :wasStatus';
const names = { '#tenant': 'tenant', '#role': 'role', '#version': 'roleVersion', '#status': 'status' };
const versionValues = ({ tenant, role, roleVersion, status }: PrincipalVersion) =>
  marshall({ ':wasTenant': tenant, ':wasRole': role, ':wasVersion': roleVersion, ':wasStatus': status });

/** What makes a transaction fail when someone may not do any more what was read, or a review has taken it away by now. */
export const principalCheck = (table: string, principal: PrincipalVersion, now: Date): TransactWriteItem => {
  const { subject, mfaEnrolledAt } = principal;
  const enrolment = mfaEnrolledAt === undefined ? '' : ' AND #enrolment = :enrolment';
  return {
    ConditionCheck: {
      TableName: table,
      Key: principalKey(subject),
      ConditionExpression: `${unchanged} AND (attribute_not_exists(#expiry) OR #expiry > :now)${enrolment}`,
      ExpressionAttributeNames: {
        ...names,
        '#expiry': 'grantExpiresAt',
        ...(enrolment && { '#enrolment': 'mfaEnrolledAt' }),
      },
      ExpressionAttributeValues: {
        ...versionValues(principal),
        ...marshall({
          ':now': now.toISOString(),
          ...(enrolment && { ':enrolment': mfaEnrolledAt }),
        }),
      },
    },
  };
};

/**
 * What changes someone, and the tenant's list entry with it, for a transaction; it fails when they are not as they were read
 * any more. A change of role or status makes a new role version, which ends what rests on the old one.
 */
export const principalUpdates = (
  table: string,
  before: DirectoryPrincipal,
  change: PrincipalChange,
): TransactWriteItem[] => {
  const isOther = 'role' in change || 'status' in change;
  const members = Object.entries({ ...change, ...(isOther && { roleVersion: before.roleVersion + 1 }) });
  const [set, removed] = [
    members.filter(([, value]) => value !== undefined),
    members.filter(([, value]) => value === undefined),
  ];
  const expiry = before.grantExpiresAt;
  const sets = set.map(([name]) => `#new_${name} = :new_${name}`);
  const removes = removed.map(([name]) => `#new_${name}`);
  const { role = before.role, status = before.status } = change;
  return [
    {
      Update: {
        TableName: table,
        Key: principalKey(before.subject),
        UpdateExpression: [
          sets.length > 0 ? `SET ${sets.join(', ')}` : '',
          removes.length > 0 ? `REMOVE ${removes.join(', ')}` : '',
        ].join(' '),
        ConditionExpression: `${unchanged} AND ${expiry === undefined ? 'attribute_not_exists(#expiry)' : '#expiry = :wasExpiry'}`,
        ExpressionAttributeNames: {
          ...names,
          '#expiry': 'grantExpiresAt',
          ...Object.fromEntries(members.map(([name]) => [`#new_${name}`, name])),
        },
        ExpressionAttributeValues: {
          ...versionValues(before),
          ...(expiry !== undefined && { ':wasExpiry': { S: expiry } }),
          ...marshall(Object.fromEntries(set.map(([name, value]) => [`:new_${name}`, value]))),
        },
      },
    },
    ...(isOther
      ? [
          {
            Update: {
              TableName: table,
              Key: memberKey(before),
              UpdateExpression: 'SET #role = :role, #status = :status',
              ConditionExpression: 'attribute_exists(pk)',
              ExpressionAttributeNames: { '#role': 'role', '#status': 'status' },
              ExpressionAttributeValues: { ':role': { S: role }, ':status': { S: status } },
            },
          },
        ]
      : []),
  ];
};

/** What lets someone's grant expire, unless it is attested, for a transaction; it fails when they have none. */
export const expiryUpdate = (
  table: string,
  { tenant, subject, role }: Pick<DirectoryPrincipal, 'tenant' | 'subject' | 'role'>,
  expiresAt: string,
): TransactWriteItem => ({
  Update: {
    TableName: table,
    Key: principalKey(subject),
    UpdateExpression: 'SET grantExpiresAt = :expiresAt',
    ConditionExpression: '#tenant = :tenant AND #role = :role AND #status = :active',
    ExpressionAttributeNames: { '#tenant': 'tenant', '#role': 'role', '#status': 'status' },
    ExpressionAttributeValues: marshall({
      ':expiresAt': expiresAt,
      ':tenant': tenant,
      ':role': role,
      ':active': 'active',
    }),
  },
});
