import type { StackProps } from 'aws-cdk-lib';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ProtectedTable } from '../constructs/protected-table.ts';
import type { KeysStack } from './keys-stack.ts';

/** What the tables need. */
export interface DataStackProps extends StackProps {
  readonly keys: KeysStack;
}

/**
 * The tables (design.md §5).
 * @stateful
 */
export class DataStack extends Stack {
  readonly records: ProtectedTable;
  readonly keyring: ProtectedTable;
  readonly directory: ProtectedTable;
  readonly sessions: ProtectedTable;

  constructor(scope: Construct, id: string, { keys, ...props }: DataStackProps) {
    super(scope, id, props);
    this.records = new ProtectedTable(this, 'Records', { encryptionKey: keys.data });
    // The recovery window bounds how long a shredded patient's keys can come back (design.md §5).
    this.keyring = new ProtectedTable(this, 'Keyring', { encryptionKey: keys.keyring, recoveryDays: 7 });
    this.directory = new ProtectedTable(this, 'Directory', { encryptionKey: keys.data });
    this.sessions = new ProtectedTable(this, 'Sessions', { encryptionKey: keys.data });
    new CfnOutput(this, 'RecordsTable', { value: this.records.tableName });
    new CfnOutput(this, 'KeyringTable', { value: this.keyring.tableName });
    new CfnOutput(this, 'DirectoryTable', { value: this.directory.tableName });
    new CfnOutput(this, 'SessionsTable', { value: this.sessions.tableName });
  }
}
