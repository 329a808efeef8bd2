import { expect, it, vi } from 'vitest';
import { omittedTypes } from '../../lib/constructs/omitted-types.ts';
import { synthesized } from './synthesized.ts';

vi.setConfig({ testTimeout: 120_000 });

const local = synthesized('local');
const prod = synthesized('prod');
const types = ({ resources }: typeof local): Set<string> => new Set(resources.map(({ type }) => type));

it('stage local goes without exactly the listed types, and says so', () => {
  for (const type of omittedTypes) {
    expect(types(local)).not.toContain(type);
    expect(types(prod)).toContain(type);
    expect(local.omissions.some((omission) => omission.startsWith(type))).toBe(true);
  }
  const withoutDomain = ['AWS::ApiGateway::DomainName', 'AWS::ApiGateway::BasePathMapping'];
  const missing = [...types(prod)].filter((type) => !types(local).has(type));
  expect(missing.sort()).toEqual([...omittedTypes, ...withoutDomain].sort());
});

it('stage local speaks plain HTTP to its buckets, and no other stage does', () => {
  const policies = (stage: typeof local): string => JSON.stringify(stage.ofType('AWS::S3::BucketPolicy'));
  expect(policies(local)).not.toContain('aws:SecureTransport');
  expect(policies(local)).toContain('NoShorterRetention');
  expect(local.omissions).toContain('TLS-only statements of chartlock-local-audit/Archive/Policy/Resource');
  for (const stage of [prod, synthesized('dev')]) {
    expect(policies(stage)).toContain('aws:SecureTransport');
    expect(stage.omissions).toEqual([]);
  }
});

it('roles are the same in stage local as in production', () => {
  const grants = (stage: typeof local): unknown[] =>
    stage
      .ofType('AWS::IAM::ManagedPolicy')
      .map(({ stack, id, properties }) => [stack, id, properties.PolicyDocument])
      .sort();
  expect(grants(local)).toEqual(grants(prod));
});
