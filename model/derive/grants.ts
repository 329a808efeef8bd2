import type { AnyResource } from '../define/define-resource.ts';
import { resources } from '../resources/index.ts';
import type { Branch, Capability } from '../vocabulary.ts';
import { branches } from '../vocabulary.ts';
import { compartmentsOf, indexPlans } from './storage.ts';

/** The tables of the platform (design.md §5, §6). */
export const tables = ['records', 'keyring', 'directory', 'sessions', 'audit'] as const;
/** A table of the platform. */
export type Table = (typeof tables)[number];

/** What can be done with single items by their keys; nothing here reads a whole table. */
export type ItemAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem';

/** Actions on the items of a table whose partition key has one of these forms; `*` stands for any ending. */
export interface TableGrant {
  readonly table: Table;
  readonly actions: readonly ItemAction[];
  /** `{tenant}` stands for the tenant whose credentials the function holds. */
  readonly keys: readonly string[];
}

/** What a function may do with data: under its own role, and under the role that is bound to one tenant. */
export interface FunctionGrants {
  readonly own: readonly TableGrant[];
  readonly tenant: readonly TableGrant[];
  /** The branch keys that it may open (KMS `Decrypt`). */
  readonly opens: readonly Branch[];
  /** The branch keys that it may make without seeing them (KMS `GenerateDataKeyWithoutPlaintext`). */
  readonly makes: readonly Branch[];
}

/** The branch keys that a capability's records need: their compartments, the items' integrity, the blind indexes. */
export const branchesOf = (
  capability: Capability,
  declared: readonly AnyResource[] = resources,
): readonly Branch[] => {
  const own = declared.filter((resource) => resource.capability === capability);
  const needed = new Set<Branch>(own.flatMap(compartmentsOf));
  if (own.length > 0) needed.add('integrity');
  if (own.some((resource) => indexPlans(resource).length > 0)) needed.add('index');
  return branches.filter((branch) => needed.has(branch));
};

const auditWithin = (tenant: string): TableGrant => ({
  table: 'audit',
  actions: ['PutItem'],
  keys: [`T#${tenant}#E#*`],
});

/** Entries before sign-in belong to no tenant. */
const auditOfPlatform = auditWithin('platform');

const chart: readonly TableGrant[] = [
  {
    table: 'records',
    actions: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'],
    keys: ['T#{tenant}#*'],
  },
  { table: 'records', actions: ['DeleteItem'], keys: ['T#{tenant}#X#*'] },
  { table: 'keyring', actions: ['GetItem', 'BatchGetItem', 'Query'], keys: ['T#{tenant}#*'] },
  { table: 'keyring', actions: ['PutItem', 'UpdateItem'], keys: ['T#{tenant}#P#*'] },
  { table: 'directory', actions: ['GetItem'], keys: ['T#{tenant}#*'] },
  { table: 'sessions', actions: ['GetItem', 'PutItem', 'UpdateItem'], keys: ['T#{tenant}#U#*'] },
];

const signIn: readonly TableGrant[] = [
  {
    table: 'sessions',
    actions: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    keys: ['C#*', 'R#*'],
  },
  {
    table: 'directory',
    actions: ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'ConditionCheckItem'],
    keys: ['U#*', 'T#*'],
  },
];

const grants: { readonly [C in Capability]: Omit<FunctionGrants, 'opens' | 'makes'> } = {
  clinical: {
    own: [auditOfPlatform, { table: 'directory', actions: ['GetItem'], keys: ['U#*'] }],
    tenant: [...chart, auditWithin('{tenant}')],
  },
  identity: {
    own: [auditOfPlatform, ...signIn],
    tenant: [
      {
        table: 'sessions',
        actions: ['GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem'],
        keys: ['T#{tenant}#U#*'],
      },
      auditWithin('{tenant}'),
    ],
  },
};

/** What a capability's function may do with data. */
export const grantsOf = (capability: Capability): FunctionGrants => ({
  ...grants[capability],
  opens: branchesOf(capability),
  makes: [],
});

/** What the function that sets up tenants may do: it makes keys that it cannot open, and reads no record. */
export const operatorGrants: FunctionGrants = {
  own: [auditOfPlatform, { table: 'directory', actions: ['GetItem', 'PutItem'], keys: ['U#*', 'T#*'] }],
  tenant: [
    { table: 'keyring', actions: ['GetItem', 'PutItem', 'ConditionCheckItem'], keys: ['T#{tenant}#B#*'] },
    { table: 'directory', actions: ['GetItem', 'PutItem'], keys: ['T#{tenant}#*'] },
    auditWithin('{tenant}'),
  ],
  opens: [],
  makes: branches,
};

/** What the trigger before a token is issued may do: read who signs in. */
export const preTokenGrants: FunctionGrants = {
  own: [{ table: 'directory', actions: ['GetItem'], keys: ['U#*', 'T#*'] }],
  tenant: [],
  opens: [],
  makes: [],
};
