/** Why a text is refused; the message never holds any of it. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

/** What a JSON text may be. */
export interface StrictJsonLimits {
  /** Nesting of arrays and objects. */
  readonly depth: number;
  /** Elements of one array, and members of one object. */
  readonly items: number;
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * What no text of ours holds: control characters, noncharacters, the replacement character of a failed decoding, byte
 * order marks, and the bidirectional overrides and isolates that make text read otherwise than it is (Unicode TR 36).
 */
const forbiddenCharacters =
  /[\p{Cc}\p{Noncharacter_Code_Point}\uFFFD\uFEFF\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;

const refuse = (reason: string): never => {
  throw new StrictJsonError(reason);
};

const canonicalText = (text: string): string => {
  if (!text.isWellFormed()) refuse('lone surrogate');
  if (forbiddenCharacters.test(text)) refuse('forbidden character');
  return text.normalize('NFC');
};

/** The end of the string literal that starts at `start`; the text is known to be JSON. */
const literalEnd = (text: string, start: number): number => {
  let position = start + 1;
  while (text[position] !== '"') position += text[position] === '\\' ? 2 : 1;
  return position + 1;
};

interface Level {
  readonly keys: Set<string> | undefined;
  items: number;
  expectsKey: boolean;
}

/** Walks the tokens of a well-formed JSON text, because a parsed value no longer shows what was repeated. */
const checkStructure = (text: string, { depth, items }: StrictJsonLimits): void => {
  const levels: Level[] = [];
  for (let position = 0; position < text.length; ) {
    const character = text[position];
    const level = levels.at(-1);
    if (character === '"') {
      const end = literalEnd(text, position);
      if (level?.keys && level.expectsKey) {
        const key: string = JSON.parse(text.slice(position, end));
        if (level.keys.has(key)) refuse('duplicate key');
        if (forbiddenKeys.has(key)) refuse('forbidden key');
        level.keys.add(key);
        level.expectsKey = false;
      }
      position = end;
      continue;
    }
    if (character === '{' || character === '[') {
      if (levels.length >= depth) refuse('too deep');
      levels.push({ keys: character === '{' ? new Set() : undefined, items: 1, expectsKey: true });
    } else if (character === '}' || character === ']') levels.pop();
    else if (character === ',' && level) {
      level.items += 1;
      level.expectsKey = true;
      if (level.items > items) refuse('too many items');
    }
    position += 1;
  }
};

const canonicalValue = (value: unknown): unknown => {
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number')
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
      ? value
      : refuse('number out of range');
  if (Array.isArray(value)) return value.map(canonicalValue);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (canonicalText(key) !== key) refuse('key not in normal form');
      return [key, canonicalValue(inner)];
    }),
  );
};

/**
 * Parses JSON (RFC 8259) more strictly than `JSON.parse`: no duplicate or prototype keys, bounded depth and arrays, only
 * numbers that survive, well-formed text without control or bidirectional override characters, normalized to NFC.
 * @throws StrictJsonError, which tells nothing of the text.
 */
export const parseStrictJson = (text: string, limits: StrictJsonLimits): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
  checkStructure(text, limits);
  return canonicalValue(value);
};
