import { issueToken } from '../operations/issue-token.ts';
import { auditLog } from '../ports/audit-log.ts';
import { ownDynamodb } from '../ports/aws-clients.ts';
import { directory } from '../ports/directory.ts';
import { environmentOf } from '../ports/environment.ts';
import { log } from '../ports/log.ts';
import { signInEvidence } from '../ports/sign-in-evidence.ts';

const environment = environmentOf(process.env, [
  'ADMINISTRATIVE_FACTOR',
  'AUDIT_TABLE',
  'DIRECTORY_TABLE',
  'SESSIONS_TABLE',
]);
const dynamodb = ownDynamodb();

/** Cognito's trigger before each token. */
export const handler = issueToken({
  directory: directory({ table: environment.DIRECTORY_TABLE, dynamodb }),
  evidence: signInEvidence({ table: environment.SESSIONS_TABLE, dynamodb }),
  auditLog: auditLog({ table: environment.AUDIT_TABLE, clientFor: () => dynamodb }),
  log: log(),
  administrativeFactor: environment.ADMINISTRATIVE_FACTOR,
});
