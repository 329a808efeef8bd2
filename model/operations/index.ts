import type { NamedOperation } from '../define/define-operation.ts';
import { answerChallenge, login, logout, refresh } from './authentication.ts';
import { endAllSessions, endSession, endUserSessions, listSessions } from './sessions.ts';
import { createUser, recordTraining } from './users.ts';

/** Every named operation of the platform. */
export const namedOperations: readonly NamedOperation[] = [
  login,
  answerChallenge,
  refresh,
  logout,
  listSessions,
  endSession,
  endAllSessions,
  endUserSessions,
  createUser,
  recordTraining,
];
