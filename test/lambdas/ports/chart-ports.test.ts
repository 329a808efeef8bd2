import { expect, test } from 'vitest';
import { compartmentsOfCapability } from '../../../lambdas/ports/chart-ports.ts';

test('a function has a part in the compartments of its resources and in the authentication of items, and no other', () => {
  expect(compartmentsOfCapability('clinical')).toEqual(['identity', 'clinical', 'integrity']);
  expect(compartmentsOfCapability('identity')).toEqual([]);
});
