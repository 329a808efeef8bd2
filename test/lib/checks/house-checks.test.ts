import { App, Stack, Validations } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { HouseChecks } from '../../../lib/checks/house-checks.ts';

const findings = (rotates: boolean, acknowledge = false): string[] => {
  const stack = new Stack(new App(), 'Stack');
  const key = new Key(stack, 'Key', { enableKeyRotation: rotates });
  if (acknowledge)
    Validations.of(key).acknowledge({ id: 'Chartlock-164.312(a)(2)(iv)-KeyRotated', reason: 'a test' });
  return new HouseChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
};

describe('HouseChecks', () => {
  it('finds what breaks a rule, by the control’s name', () => {
    expect(findings(false)).toEqual(['Chartlock-164.312(a)(2)(iv)-KeyRotated']);
  });

  it('is silent about what follows it, or is acknowledged', () => {
    expect(findings(true)).toEqual([]);
    expect(findings(false, true)).toEqual([]);
  });
});
