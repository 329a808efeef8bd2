import { expect, test } from 'vitest';
import { headerValues } from '../../../lambdas/middleware/chain.ts';
import { eventWith, passing } from './request.ts';

test('a chain starts with an address and product tokens, and nothing else of the client', () => {
  const { chain } = passing('Patient.read', {
    requestContext: { identity: { sourceIp: '219-09-9999', userAgent: "curl/8.1 (O'Brien)" } },
  }).context;
  expect([chain.sourceAddress, chain.userAgent]).toEqual(['unknown', 'curl/8.1']);
  expect(passing('Patient.read', { requestContext: {} }).context.chain.sourceAddress).toBe('unknown');
});

test('every value of a header is found, whatever the case of its name, and no other header’s', () => {
  const event = eventWith({
    headers: { 'X-One': 'last' },
    multiValueHeaders: { 'X-One': ['first'], 'x-ONE': ['last'], 'x-two': ['other'] },
  });
  expect(headerValues(event, 'x-one')).toEqual(['first', 'last']);
  expect(headerValues({ ...event, multiValueHeaders: {} }, 'x-one')).toEqual(['last']);
  expect(headerValues({ ...event, multiValueHeaders: { 'x-two': ['other'] } }, 'x-one')).toEqual(['last']);
});

test('a header without a value is none', () => {
  expect(headerValues(eventWith({ headers: { 'x-one': undefined } }), 'x-one')).toEqual([]);
});
