import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanAddress, cleanUserAgent } from '../../../lambdas/domain/client-description.ts';

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
  ],
  ['curl/8.14.1', 'curl/8.14.1'],
  ["O'Brien, born 1984-02-29", ''],
  ['219-09-9999', ''],
  ['MRN/219099999 SSN/219.09.99990000', ''],
  ['curl/8.1.2.3.4', ''],
  ['x/1 '.repeat(500), 'x/1 x/1 x/1 x/1 x/1 x/1'],
  [undefined, ''],
  [null, ''],
])('of the user agent %j %j is kept', (header, kept) => {
  expect(cleanUserAgent(header)).toBe(kept);
});

test('whatever is sent, what is kept is short and of product tokens', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (header) => {
      expect(cleanUserAgent(header)).toMatch(/^[A-Za-z0-9._/ -]{0,260}$/);
    }),
  );
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['203.0.113.7, 10.0.0.1', 'unknown'],
  ['<script>', 'unknown'],
  [undefined, 'unknown'],
])('of the address %j %j is kept', (address, kept) => {
  expect(cleanAddress(address)).toBe(kept);
});

test('an address is a text', () => {
  expect(cleanAddress('203.0.113.7')).toBe('203.0.113.7');
  expect(cleanAddress(['203.0.113.7'])).toBe('unknown');
});
