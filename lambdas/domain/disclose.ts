import type { EffectivePermission } from '../../model/derive/permissions.ts';
import { ApiError } from './api-error.ts';

type Disclosing = Pick<EffectivePermission, 'policy' | 'discloses' | 'summary'>;

/**
 * The fields to open: those asked for, or the permission's summary when none are named (45 CFR 164.502(b)).
 * @throws ApiError `field-not-permitted` when one that the permission does not disclose is asked for.
 */
export const fieldsToDisclose = (
  { policy, discloses, summary }: Disclosing,
  asked: readonly string[] | undefined,
): readonly string[] => {
  if (asked === undefined) return summary;
  if (!asked.every((field) => discloses.includes(field)))
    throw new ApiError('field-not-permitted', { policy });
  return [...new Set(asked)];
};

/** The second lock: of the values at hand, those to be disclosed that the permission does disclose, and no others. */
export const disclose = (
  { discloses }: Pick<Disclosing, 'discloses'>,
  fields: readonly string[],
  values: { readonly [field: string]: unknown },
): { readonly [field: string]: unknown } =>
  Object.fromEntries(
    fields
      .filter((field) => discloses.includes(field) && values[field] !== undefined)
      .map((field) => [field, values[field]]),
  );
