import type { IdentityPorts } from '../ports/identity-ports.ts';
import { answerChallenge } from './answer-challenge.ts';
import { createUser } from './create-user.ts';
import { endAllSessions } from './end-all-sessions.ts';
import { endOneSession } from './end-one-session.ts';
import { endUserSessions } from './end-user-sessions.ts';
import { listSessions } from './list-sessions.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { recordTraining } from './record-training.ts';
import { refresh } from './refresh.ts';
import type { Run } from './run.ts';

/** The runs of the identity operations, by operation id. */
export const identityRuns: { readonly [id: string]: Run<IdentityPorts, undefined> } = {
  'auth.login': login,
  'auth.challenge': answerChallenge,
  'auth.refresh': refresh,
  'auth.logout': logout,
  'sessions.list': listSessions,
  'sessions.end': endOneSession,
  'sessions.endAll': endAllSessions,
  'users.endSessions': endUserSessions,
  'users.create': createUser,
  'users.recordTraining': recordTraining,
};
