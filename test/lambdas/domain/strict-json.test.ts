import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson, StrictJsonError } from '../../../lambdas/domain/strict-json.ts';

const limits = { depth: 16, items: 100 };
const parse = (text: string): unknown => parseStrictJson(text, limits);
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test.each([
  ['{}', {}],
  ['[]', []],
  ['null', null],
  [' {"a" : [1, -2.5e3, true, null, "x"] } ', { a: [1, -2500, true, null, 'x'] }],
  ['{"a":{"b":1},"b":{"a":1}}', { a: { b: 1 }, b: { a: 1 } }],
  ['["{\\"a\\":1,\\"a\\":1}", "\\\\"]', ['{"a":1,"a":1}', '\\']],
  ['{"toString":1,"hasOwnProperty":2}', { toString: 1, hasOwnProperty: 2 }],
  ['{"a":"a","b":"a"}', { a: 'a', b: 'a' }],
  ['["a","a"]', ['a', 'a']],
  ['{"a":["Jose\\u0301"]}', { a: ['José'] }],
  ['"Jose\\u0301"', 'José'],
  ['"\\ud83d\\ude00"', '😀'],
  ['"👩‍⚕️"', '👩‍⚕️'],
  [nested(16), JSON.parse(nested(16))],
  [JSON.stringify(Array(100).fill(0)), Array(100).fill(0)],
])('%s is read', (text, value) => {
  expect(parse(text)).toEqual(value);
});

test.each([
  '',
  '{',
  "{'a':1}",
  '{"a":1,}',
  '[1,]',
  '{"a":1}{}',
  '\uFEFF{}',
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '[{"a":1,"b":2,"a":3}]',
  '{"a":{"b":{"c":1,"c":2}}}',
  '{"__proto__":1}',
  '{"\\u005f_proto__":1}',
  '{"constructor":1}',
  '{"a":{"prototype":1}}',
  nested(17),
  `{"a":${nested(16)}}`,
  JSON.stringify(Array(101).fill(0)),
  JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, 0]))),
  '1e400',
  '-1e400',
  '9007199254740993',
  '"\\ud800"',
  '"\\udc00"',
  '{"\\ud800":1}',
  '"\\u0000"',
  '"\\u001b"',
  '"\\u007f"',
  '"\\u009f"',
  '"\\ufdd0"',
  '"\\uffff"',
  '"\\udbff\\udfff"',
  '"\\ufffd"',
  '"\\ufeff"',
  '"\\u202e"',
  '"\\u2069"',
  '{"a\\u0301":1}',
])('%j is refused', (text) => {
  expect(() => parse(text)).toThrow(StrictJsonError);
});

describe('for any value', () => {
  test('what is accepted is what JSON.parse reads, in NFC', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(StrictJsonError);
          return;
        }
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)).normalize('NFC'));
      }),
    );
  });

  test('a repeated key is found wherever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.json({ maxDepth: 3 }), (key, value) => {
        const name = JSON.stringify(key);
        expect(() => parse(`[{"x":{${name}:${value},"y":[{}],${name}:1}}]`)).toThrow(StrictJsonError);
      }),
    );
  });

  test('a refusal says nothing of it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: 'grapheme-ascii' }), (text) => {
        try {
          parse(`{"${text}`);
        } catch (error) {
          expect(String(error)).not.toContain(text);
        }
      }),
    );
  });
});
