import { accessMatrix } from '../../model/derive/access-matrix.ts';
import { openApi } from '../../model/derive/openapi.ts';
import type { Operation } from '../../model/derive/operations.ts';
import { resourcesOf } from '../../model/derive/operations.ts';
import { phiInventory } from '../../model/derive/phi-inventory.ts';
import { validatorsSource, validatorsTypes } from './validators.ts';

/** Every derived file by its path from the root, from the declarations given. */
export const generatedFiles = (operations: readonly Operation[]): ReadonlyMap<string, string> =>
  new Map([
    ['lambdas/generated/validators.js', validatorsSource(operations)],
    ['lambdas/generated/validators.d.ts', validatorsTypes(operations)],
    ['docs/generated/openapi.json', `${JSON.stringify(openApi(operations), null, 2)}\n`],
    ['docs/generated/access-matrix.md', accessMatrix(operations)],
    ['docs/generated/phi-inventory.md', phiInventory(resourcesOf(operations))],
  ]);
