import { expect, it } from 'vitest';
import { synthesized } from './synthesized.ts';

it('what holds data keeps its logical id: another id would be another, empty store', () => {
  const stateful = synthesized('prod').resources.filter(({ deletionPolicy }) => deletionPolicy === 'Retain');
  const ids = stateful
    .filter(({ type }) => type !== 'AWS::Logs::LogGroup')
    .map(({ stack, id, type }) => `${type} ${stack}/${id}`)
    .sort();
  expect(ids).toMatchInlineSnapshot(`
    [
      "AWS::Cognito::UserPool identity/UserPool6BA7E5F2",
      "AWS::DynamoDB::GlobalTable audit/Audit3D8ADE0A",
      "AWS::DynamoDB::GlobalTable data/Directory98167B95",
      "AWS::DynamoDB::GlobalTable data/Keyring5277DB2C",
      "AWS::DynamoDB::GlobalTable data/Records091F6ECA",
      "AWS::DynamoDB::GlobalTable data/Sessions8896A56D",
      "AWS::KMS::Key keys/Audit3D8ADE0A",
      "AWS::KMS::Key keys/Data666C94C7",
      "AWS::KMS::Key keys/Field49F41A4E",
      "AWS::KMS::Key keys/Identity2D60E2CC",
      "AWS::KMS::Key keys/Keyring5277DB2C",
      "AWS::KMS::Key keys/Logs6819BB44",
      "AWS::KMS::Key keys/UserPool6BA7E5F2",
      "AWS::S3::Bucket audit/ArchiveDA4CB258",
    ]
  `);
});
