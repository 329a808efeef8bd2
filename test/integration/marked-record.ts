import { randomInt } from 'node:crypto';
import { Ajv } from 'ajv';
import type { AnyResource } from '../../model/define/define-resource.ts';
import { formats } from '../../model/define/formats.ts';

/** A record each of whose sensitive fields holds values that occur nowhere else. */
export interface MarkedRecord {
  readonly record: Readonly<Record<string, unknown>>;
  /** The values, as text, by the path of their leaf. */
  readonly marks: ReadonlyMap<string, string>;
  /** Leaves that can hold only values of a fixed list. */
  readonly unmarked: readonly string[];
}

const digits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('');
const word = (): string =>
  `Zq${Array.from({ length: 14 }, () => 'bcdfghjklmnpqrstvwxz'[randomInt(20)]).join('')}`;
const pad = (value: number): string => String(value).padStart(2, '0');
const day = (): string => `19${randomInt(10, 60)}-${pad(randomInt(1, 13))}-${pad(randomInt(1, 28))}`;

/** Texts that no other program makes by chance, from the freest to the strictest form. */
const candidates: readonly (() => string)[] = [
  word,
  () => `${word()}@${word()}.example`.toLowerCase(),
  () => `urn:${word().toLowerCase()}`,
  () => `2${randomInt(10, 99)}-${randomInt(10, 99)}-${randomInt(1000, 9999)}`,
  () => `+1 ${randomInt(200, 999)} ${randomInt(200, 999)} ${digits(4)}`,
  day,
  () => `${day()}T${pad(randomInt(24))}:${pad(randomInt(60))}:${pad(randomInt(60))}.${digits(6)}Z`,
  () => `${randomInt(1_000_000, 9_999_999)}-${randomInt(10)}`,
  () => digits(9),
  () => crypto.randomUUID(),
];

const ajv = new Ajv({ strict: false, unicodeRegExp: true });
for (const [name, validate] of Object.entries(formats)) ajv.addFormat(name, validate);

const numberNear = (): number => Number(`${randomInt(10_000, 99_999)}.${randomInt(100_000, 999_999)}`);

const leaves = (value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
    : [path];

const replaced = (value: unknown, [key, ...rest]: readonly (string | number)[], leaf: unknown): unknown => {
  if (key === undefined) return leaf;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[key] = replaced(copy[key], rest, leaf);
  return copy;
};

const leafOf = (value: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);

/**
 * The resource's example with every value of a sensitive field, as far as the field's schema allows, replaced by a
 * random one. Derived from the declaration alone, so that a new resource is covered by being declared.
 */
export const markedRecord = (resource: AnyResource): MarkedRecord => {
  const record: Record<string, unknown> = structuredClone(resource.example);
  const marks = new Map<string, string>();
  const unmarked: string[] = [];
  for (const [name, { schema, options }] of Object.entries(resource.fields)) {
    if (options.classification === 'internal' || !(name in record)) continue;
    const isValid = ajv.compile(schema as object);
    for (const path of leaves(record[name])) {
      const place = [name, ...path].join('.');
      const wanted =
        typeof leafOf(record[name], path) === 'number'
          ? [numberNear()]
          : candidates.map((candidate) => candidate());
      const mark = wanted.find((value) => isValid(replaced(record[name], path, value)));
      if (mark === undefined) unmarked.push(place);
      else {
        record[name] = replaced(record[name], path, mark);
        marks.set(place, String(mark));
      }
    }
  }
  return { record, marks, unmarked };
};
