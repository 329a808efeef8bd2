import type { Operation } from '../model/derive/operations.ts';
import { validatorsSource, validatorsTypes } from './generation/validators.ts';

/** Every derived file by its path from the root, from the declarations given. */
export const generatedFiles = (operations: readonly Operation[]): ReadonlyMap<string, string> =>
  new Map([
    ['lambdas/generated/validators.js', validatorsSource(operations)],
    ['lambdas/generated/validators.d.ts', validatorsTypes(operations)],
  ]);
