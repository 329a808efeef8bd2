import type { KeyObject } from 'node:crypto';
import { createHmac } from 'node:crypto';
import type { IndexParameter, IndexPlan } from '../../model/derive/storage.ts';
import { frame } from './framing.ts';

const caseFold = (text: string): string =>
  text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

const canonicalForms = {
  text: (text: string): string => caseFold(text).replace(/\s+/gu, ' ').trim(),
  digits: (text: string): string => text.normalize('NFKC').replace(/\D/gu, ''),
} as const satisfies { readonly [form in IndexParameter['canonical']]: (text: string) => string };

const valueAt = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inner, step) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step)
          ? (inner as Record<string, unknown>)[step]
          : undefined,
      value,
    );

const entryOf = (
  tenant: string,
  plan: IndexPlan,
  parameterValue: (parameter: IndexParameter) => unknown,
  key: KeyObject,
): string | undefined => {
  const parts: string[] = ['chartlock blind index', tenant, plan.id];
  for (const parameter of plan.parameters) {
    const value = parameterValue(parameter);
    const text =
      typeof value === 'string' || typeof value === 'number'
        ? canonicalForms[parameter.canonical](String(value))
        : '';
    if (text === '') return undefined;
    parts.push(parameter.name, text);
  }
  return `${plan.id}#${createHmac('sha256', key)
    .update(frame(...parts))
    .digest('base64url')}`;
};

/**
 * The blind-index entries of a record: `<Resource>.<index>#<HMAC-SHA-256 of the canonical values, base64url>`.
 * A record without one of the index's values has none; equal elements of an array share one.
 */
export const indexEntriesOf = (
  tenant: string,
  plan: IndexPlan,
  values: { readonly [field: string]: unknown },
  key: KeyObject,
): readonly string[] => {
  const subjects = plan.each === undefined ? [values] : values[plan.each];
  const entries = (Array.isArray(subjects) ? subjects : []).map((subject) =>
    entryOf(tenant, plan, ({ path }) => valueAt(subject, path), key),
  );
  return [...new Set(entries.filter((entry) => entry !== undefined))];
};

/** The blind-index entry that a search looks for; nothing when a parameter has no canonical value. */
export const indexEntryFor = (
  tenant: string,
  plan: IndexPlan,
  parameters: { readonly [name: string]: unknown },
  key: KeyObject,
): string | undefined => entryOf(tenant, plan, ({ name }) => valueAt(parameters, name), key);
