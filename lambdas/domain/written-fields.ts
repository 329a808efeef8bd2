import type { EffectivePermission } from '../../model/derive/permissions.ts';
import { ApiError } from './api-error.ts';

type Writing = Pick<EffectivePermission, 'policy' | 'writes' | 'mustWrite'>;

/**
 * What a body sets: every field that the permission writes, absent ones without a value.
 * @throws ApiError `field-not-permitted` when the body names another field, `invalid-body` when a required one is absent.
 */
export const writtenFields = (
  { policy, writes, mustWrite }: Writing,
  body: { readonly [field: string]: unknown },
): { readonly [field: string]: unknown } => {
  const named = Object.keys(body).filter((field) => body[field] !== undefined);
  if (!named.every((field) => writes.includes(field))) throw new ApiError('field-not-permitted', { policy });
  if (!mustWrite.every((field) => named.includes(field))) throw new ApiError('invalid-body', { policy });
  return Object.fromEntries(named.map((field) => [field, body[field]]));
};
