import { purposesOfUse, usualPurpose } from '../../model/vocabulary.ts';
import { ApiError } from '../domain/api-error.ts';
import type { ChainMiddleware } from './chain.ts';
import { headerValues } from './chain.ts';

/** Takes the purpose of use from `X-Purpose-Of-Use`, or else the role's usual one (design.md §3). */
export const purpose = (): ChainMiddleware => ({
  before: ({ event, context: { chain } }) => {
    if (chain.principal === undefined) return;
    const [named, another] = headerValues(event, 'x-purpose-of-use');
    if (named === undefined) {
      const usual = usualPurpose[chain.principal.role];
      if (usual !== undefined) chain.purpose = usual;
      return;
    }
    const known = purposesOfUse.find((code) => code === named);
    if (known === undefined || another !== undefined) throw new ApiError('invalid-parameter');
    chain.purpose = known;
  },
});
