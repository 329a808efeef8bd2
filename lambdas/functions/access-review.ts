import { sessionLimits } from '../domain/session-limits.ts';
import { reviewAccess } from '../operations/review-access.ts';
import { accessReviews } from '../ports/access-reviews.ts';
import { auditLog, auditPut } from '../ports/audit-log.ts';
import { ownDynamodb } from '../ports/aws-clients.ts';
import { directory } from '../ports/directory.ts';
import { environmentOf } from '../ports/environment.ts';
import { log } from '../ports/log.ts';
import { sessionStore } from '../ports/session-store.ts';

const environment = environmentOf(process.env, ['AUDIT_TABLE', 'DIRECTORY_TABLE', 'SESSIONS_TABLE']);
const { AUDIT_TABLE: table, DIRECTORY_TABLE: directoryTable, SESSIONS_TABLE: sessionsTable } = environment;
const dynamodb = ownDynamodb();
const clientFor = () => dynamodb;
const people = directory({ table: directoryTable, dynamodb });

/** The function that a schedule calls every day to do what reviews of access ask for. */
export const handler = reviewAccess({
  log: log(),
  directory: people,
  reviews: accessReviews({ table: directoryTable, dynamodb }),
  sessions: sessionStore({ table: sessionsTable, clientFor, limitsOf: sessionLimits(), directory: people }),
  auditLog: auditLog({ table, clientFor }),
  auditPut: (entry) => auditPut(table, entry),
});
