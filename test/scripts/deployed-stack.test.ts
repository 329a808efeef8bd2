import { describe, expect, it } from 'vitest';
import { type DeployedStack, resolveValue } from '../../scripts/local/reapply/deployed-stack.ts';

const stack: DeployedStack = {
  name: 'chartlock-local-data',
  template: { Resources: { Key: { Type: 'AWS::KMS::Key' }, Table: { Type: 'AWS::DynamoDB::GlobalTable' } } },
  physicalIds: new Map([
    ['Key', '0000-1111'],
    ['Table', 'table-1'],
  ]),
};
const environment = {
  account: '111122223333',
  region: 'us-east-1',
  exports: new Map([['keys:Arn', 'arn:aws:kms:us-east-1:111122223333:key/2222']]),
};

describe('intrinsic functions of a template', () => {
  it.each([
    ['text', 'text'],
    [
      { Enabled: true, Days: 35, Nothing: null },
      { Enabled: true, Days: 35, Nothing: null },
    ],
    [{ Ref: 'Table' }, 'table-1'],
    [{ Ref: 'AWS::AccountId' }, '111122223333'],
    [{ 'Fn::GetAtt': ['Key', 'Arn'] }, 'arn:aws:kms:us-east-1:111122223333:key/0000-1111'],
    [{ 'Fn::ImportValue': 'keys:Arn' }, 'arn:aws:kms:us-east-1:111122223333:key/2222'],
    [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':x']] }, 'arn:aws:x'],
    [[{ Region: { Ref: 'AWS::Region' } }], [{ Region: 'us-east-1' }]],
  ])('%j', (value, resolved) => {
    expect(resolveValue(value, stack, environment)).toEqual(resolved);
  });

  it.each([
    [{ Ref: 'Missing' }, 'has no resource Missing'],
    [{ 'Fn::GetAtt': ['Table', 'StreamArn'] }, 'cannot resolve attribute StreamArn of Table'],
    [{ 'Fn::ImportValue': 'other' }, 'no stack exports'],
    [{ 'Fn::Cidr': [] }, 'cannot resolve Fn::Cidr'],
  ])('refuses %j rather than put something wrong', (value, message) => {
    expect(() => resolveValue(value, stack, environment)).toThrow(message);
  });
});
