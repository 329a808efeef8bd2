import type { AnyResource } from '../define/define-resource.ts';
import { resources } from '../resources.ts';
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
  /** The branch keys of its tenant that it may open (KMS `Decrypt`). */
  readonly opens: readonly Branch[];
  /** The branch keys of any tenant that it may make without seeing them (KMS `GenerateDataKeyWithoutPlaintext`). */
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

const audit = (tenant: string): TableGrant => ({
  table: 'audit',
  actions: ['PutItem'],
  keys: [`T#${tenant}#E#*`],
});

/** What the chain of every request needs under the tenant's role. */
const session: readonly TableGrant[] = [
  { table: 'sessions', actions: ['UpdateItem'], keys: ['T#{tenant}#U#*'] },
  audit('{tenant}'),
];

/** The keys of reviews of access, and of the grants in them. */
const reviewKeys = ['T#*#V', 'T#*#V#*'];

const grants: { readonly [C in Capability]: Omit<FunctionGrants, 'opens' | 'makes'> } = {
  clinical: {
    own: [{ table: 'directory', actions: ['GetItem'], keys: ['U#*', 'O#*'] }],
    tenant: [
      ...session,
      {
        table: 'records',
        actions: ['BatchGetItem', 'Query', 'PutItem'],
        keys: ['T#{tenant}#*'],
      },
      { table: 'records', actions: ['DeleteItem'], keys: ['T#{tenant}#X#*'] },
      { table: 'keyring', actions: ['BatchGetItem'], keys: ['T#{tenant}#*'] },
      { table: 'keyring', actions: ['PutItem', 'UpdateItem'], keys: ['T#{tenant}#P#*'] },
    ],
  },
  identity: {
    own: [
      {
        table: 'sessions',
        actions: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
        keys: ['A#*', 'C#*', 'E#*', 'R#*'],
      },
      { table: 'sessions', actions: ['UpdateItem'], keys: ['T#*#U#*'] },
      { table: 'directory', actions: ['GetItem', 'BatchGetItem'], keys: ['U#*', 'O#*', ...reviewKeys] },
      { table: 'directory', actions: ['Query'], keys: ['U#*', 'T#*#U', 'T#*#O', ...reviewKeys] },
      // A transaction names all of these at once, so that one grant must cover them.
      {
        table: 'directory',
        actions: ['PutItem', 'UpdateItem', 'ConditionCheckItem'],
        keys: ['U#*', 'O#*', 'T#*#U', 'T#*#O', ...reviewKeys],
      },
      { table: 'directory', actions: ['DeleteItem'], keys: ['U#*', 'T#*#O'] },
      audit('*'),
    ],
    tenant: [...session, { table: 'sessions', actions: ['GetItem'], keys: ['T#{tenant}#U#*'] }],
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
  own: [
    { table: 'directory', actions: ['GetItem', 'PutItem'], keys: ['U#*', 'T#*', 'L#TENANTS'] },
    { table: 'directory', actions: ['Query', 'BatchGetItem', 'UpdateItem'], keys: ['U#*', 'T#*#U'] },
    { table: 'keyring', actions: ['PutItem'], keys: ['T#*#B#*'] },
    audit('*'),
  ],
  tenant: [],
  opens: [],
  makes: branches,
};

/** What Cognito's triggers for a sign-in by passkey may do: read what the façade verified. */
export const passkeyChallengeGrants: FunctionGrants = {
  own: [{ table: 'sessions', actions: ['GetItem'], keys: ['E#*'] }],
  tenant: [],
  opens: [],
  makes: [],
};

/** What the trigger before a token is issued may do: read who signs in, through what, and what the façade verified; audit it. */
export const preTokenGrants: FunctionGrants = {
  own: [
    { table: 'directory', actions: ['GetItem'], keys: ['U#*', 'T#*', 'O#*'] },
    { table: 'sessions', actions: ['GetItem'], keys: ['E#*'] },
    audit('*'),
  ],
  tenant: [],
  opens: [],
  makes: [],
};

/** What the daily review of access may do: see who may act, suspend whom nobody attested, and end their sessions. */
export const accessReviewGrants: FunctionGrants = {
  own: [
    { table: 'directory', actions: ['Query'], keys: ['L#TENANTS', 'T#*#U', ...reviewKeys] },
    { table: 'directory', actions: ['GetItem'], keys: ['U#*', 'T#*#', 'T#*#V'] },
    { table: 'directory', actions: ['UpdateItem'], keys: ['U#*', 'T#*#U', ...reviewKeys] },
    { table: 'directory', actions: ['PutItem'], keys: reviewKeys },
    { table: 'directory', actions: ['DeleteItem'], keys: ['T#*#V'] },
    { table: 'sessions', actions: ['UpdateItem'], keys: ['T#*#U#*'] },
    audit('*'),
  ],
  tenant: [],
  opens: [],
  makes: [],
};
