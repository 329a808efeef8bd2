import { describe, expect, it } from 'vitest';
import type { IamStatement } from './evaluate-policy.ts';
import { evaluatePolicy } from './evaluate-policy.ts';

const request = {
  principal: 'arn:aws:iam::111122223333:role/a',
  action: 'dynamodb:GetItem',
  resource: 'table',
};
const allow = (condition: IamStatement['Condition'] = {}): IamStatement => ({
  Effect: 'Allow',
  Action: 'dynamodb:Get*',
  Resource: 'table',
  Condition: condition,
});
const says = (condition: IamStatement['Condition'], context: Record<string, string | string[]> = {}) =>
  evaluatePolicy([allow(condition)], { ...request, context });

describe('evaluatePolicy', () => {
  it('compares action, resource and principal', () => {
    expect(evaluatePolicy([allow()], request)).toBe('allow');
    expect(evaluatePolicy([allow()], { ...request, action: 'dynamodb:PutItem' })).toBe('silent');
    expect(evaluatePolicy([allow()], { ...request, resource: 'other' })).toBe('silent');
    const other: IamStatement = { ...allow(), Principal: { AWS: 'arn:aws:iam::111122223333:role/b' } };
    expect(evaluatePolicy([other], request)).toBe('silent');
    expect(evaluatePolicy([{ ...other, Principal: { Service: 'a.amazonaws.com' } }], request)).toBe('silent');
    expect(
      evaluatePolicy([{ ...other, Principal: { AWS: 'arn:aws:iam::111122223333:root' } }], request),
    ).toBe('allow');
  });

  it('lets a denial win', () => {
    expect(evaluatePolicy([allow(), { ...allow(), Effect: 'Deny' }], request)).toBe('deny');
  });

  it.each([
    ['StringEquals', 'x', 'x', 'y'],
    ['StringLike', 'x*', 'xyz', 'yx'],
    ['ArnLike', 'a:?', 'a:b', 'a:bc'],
    ['Bool', 'true', 'true', 'false'],
    ['NumericLessThan', '5', '4', '5'],
    ['NumericGreaterThanEquals', '5', '5', '4'],
    ['ForAllValues:StringLike', 'x*', 'xy', 'y'],
    ['ForAnyValue:StringEquals', 'x', 'x', 'y'],
    ['ArnNotLike', 'a:*', 'b:a', 'a:b'],
    ['StringNotEquals', 'x', 'y', 'x'],
  ])('%s', (operator, wanted, right, wrong) => {
    expect(says({ [operator]: { key: wanted } }, { KEY: right })).toBe('allow');
    expect(says({ [operator]: { key: wanted } }, { key: wrong })).toBe('silent');
  });

  it('knows that ForAllValues passes a request without the key, and that Null does not', () => {
    expect(says({ 'ForAllValues:StringEquals': { key: 'x' } })).toBe('allow');
    expect(says({ 'ForAllValues:StringEquals': { key: 'x' }, Null: { key: 'false' } })).toBe('silent');
    expect(says({ 'ForAllValues:StringLike': { key: 'x*' } }, { key: ['x1', 'y1'] })).toBe('silent');
  });

  it('puts in policy variables literally, and matches nothing without their value', () => {
    const condition = { StringLike: { key: 'T#${aws:PrincipalTag/tenant}#*' } };
    expect(says(condition, { key: 'T#a#P', 'aws:PrincipalTag/tenant': 'a' })).toBe('allow');
    expect(says(condition, { key: 'T#b#P', 'aws:PrincipalTag/tenant': 'a' })).toBe('silent');
    expect(says(condition, { key: 'T#b#P', 'aws:PrincipalTag/tenant': '*' })).toBe('silent');
    expect(says(condition, { key: 'T##P' })).toBe('silent');
  });

  it('does not guess at operators', () => {
    expect(() => says({ DateLessThan: { key: 'x' } }, { key: 'x' })).toThrow('DateLessThan');
  });
});
