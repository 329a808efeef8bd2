import { Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { FunctionGrants, Table, TableGrant } from '../../model/derive/grants.ts';
import { storeActions } from './managed-key.ts';
import { tenantShape } from './role-paths.ts';

/** A table with the key under which it lies. */
export interface Store {
  readonly table: TableV2;
  readonly key: IKey;
}
/** Every table with its key. */
export type Stores = { readonly [T in Table]: Store };

/** The tenant whose credentials are used, as an IAM policy variable. */
export const ownTenant = '${aws:PrincipalTag/tenant}';

const words = (text: string): string =>
  text.replace(/(^|-)([a-z])/g, (_match, _dash: string, letter: string) => letter.toUpperCase());

const itemStatement = (stores: Stores, grant: TableGrant, position: number): PolicyStatement =>
  new PolicyStatement({
    sid: `${words(grant.table)}${position}`,
    actions: grant.actions.map((action) => `dynamodb:${action}`),
    resources: [stores[grant.table].table.tableArn],
    conditions: {
      'ForAllValues:StringLike': {
        'dynamodb:LeadingKeys': grant.keys.map((key) => key.replace('{tenant}', ownTenant)),
      },
      // Without this, a request that names no key would pass the condition above.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });

/** Items of the granted tables by their granted keys, and the tables' own keys through DynamoDB only. */
export const tableStatements = (
  scope: Construct,
  stores: Stores,
  grants: readonly TableGrant[],
): PolicyStatement[] => {
  const keys = [...new Set(grants.map(({ table }) => stores[table].key.keyArn))];
  return [
    ...grants.map((grant, position) => itemStatement(stores, grant, position)),
    ...(keys.length === 0
      ? []
      : [
          new PolicyStatement({
            sid: 'TablesAtRest',
            actions: [...storeActions],
            resources: keys,
            conditions: {
              StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(scope).region}.amazonaws.com` },
            },
          }),
        ]),
  ];
};

const exactContext = {
  'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['tenant', 'compartment'] },
};

/** The own tenant's branch keys that may be opened, by their encryption context. */
export const openKeyStatements = (fieldKey: IKey, { opens }: FunctionGrants): PolicyStatement[] =>
  opens.length === 0
    ? []
    : [
        new PolicyStatement({
          sid: 'OpenBranchKeys',
          actions: ['kms:Decrypt'],
          resources: [fieldKey.keyArn],
          conditions: {
            StringEquals: {
              'kms:EncryptionContext:tenant': ownTenant,
              'kms:EncryptionContext:compartment': opens,
            },
            ...exactContext,
          },
        }),
      ];

/** The branch keys of new tenants, which are made without being seen. */
export const makeKeyStatements = (fieldKey: IKey, { makes }: FunctionGrants): PolicyStatement[] =>
  makes.length === 0
    ? []
    : [
        new PolicyStatement({
          sid: 'MakeBranchKeys',
          actions: ['kms:GenerateDataKeyWithoutPlaintext'],
          resources: [fieldKey.keyArn],
          conditions: {
            StringLike: { 'kms:EncryptionContext:tenant': tenantShape },
            StringEquals: { 'kms:EncryptionContext:compartment': makes },
            ...exactContext,
          },
        }),
      ];
