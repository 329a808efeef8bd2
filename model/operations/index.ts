import type { NamedOperation } from '../define/define-operation.ts';
import { createApp, listApps, removeApp } from './apps.ts';
import { answerChallenge, challengePasskey, login, logout, refresh, stepUp } from './authentication.ts';
import { grantConsent, listConsents, withdrawConsent } from './consents.ts';
import {
  createMachine,
  listMachines,
  readMachine,
  removeMachine,
  retireSecret,
  rotateSecret,
} from './machines.ts';
import { beginPasskey, listPasskeys, registerPasskey, removePasskey } from './passkeys.ts';
import { decideGrant, listReviewedGrants, listReviews, readReview, startReview } from './reviews.ts';
import { endAllSessions, endSession, endUserSessions, listSessions } from './sessions.ts';
import {
  changeRole,
  createUser,
  listUsers,
  reactivateUser,
  readUser,
  recordTraining,
  removeUser,
  resetFactors,
  suspendUser,
} from './users.ts';

/** Every named operation of the platform. */
export const namedOperations: readonly NamedOperation[] = [
  login,
  challengePasskey,
  stepUp,
  answerChallenge,
  refresh,
  logout,
  beginPasskey,
  registerPasskey,
  listPasskeys,
  removePasskey,
  listSessions,
  endSession,
  endAllSessions,
  endUserSessions,
  createUser,
  listUsers,
  readUser,
  changeRole,
  suspendUser,
  reactivateUser,
  removeUser,
  resetFactors,
  recordTraining,
  startReview,
  listReviews,
  readReview,
  listReviewedGrants,
  decideGrant,
  createApp,
  listApps,
  removeApp,
  createMachine,
  listMachines,
  readMachine,
  removeMachine,
  rotateSecret,
  retireSecret,
  grantConsent,
  listConsents,
  withdrawConsent,
];
