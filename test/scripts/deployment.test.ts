import { describe, expect, it } from 'vitest';
import { withoutResource } from '../../scripts/local/deployment.ts';

const template = `Resources:
  First:
    Type: A
  StagingBucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      PolicyDocument:
        Statement:
          - Effect: Deny

  Last:
    Type: B
Outputs:
  Name:
    Value: x
`;

describe('the bootstrap template', () => {
  it('loses the named resource and nothing else', () => {
    expect(withoutResource(template, 'StagingBucketPolicy')).toBe(`Resources:
  First:
    Type: A
  Last:
    Type: B
Outputs:
  Name:
    Value: x
`);
  });

  it('is refused when it has no such resource, for then the CDK has changed', () => {
    expect(() => withoutResource(template, 'BucketPolicy')).toThrow('has no BucketPolicy');
  });
});
