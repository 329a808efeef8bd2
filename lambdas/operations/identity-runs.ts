import type { IdentityPorts } from '../ports/identity-ports.ts';
import { answerChallenge } from './answer-challenge.ts';
import { beginPasskey } from './begin-passkey.ts';
import { challengePasskey } from './challenge-passkey.ts';
import { changeRole } from './change-role.ts';
import { createApp } from './create-app.ts';
import { createMachine } from './create-machine.ts';
import { createUser } from './create-user.ts';
import { decideGrant } from './decide-grant.ts';
import { endAllSessions } from './end-all-sessions.ts';
import { endOneSession } from './end-one-session.ts';
import { endUserSessions } from './end-user-sessions.ts';
import { grantConsent } from './grant-consent.ts';
import { listApps, listMachines } from './list-clients.ts';
import { listConsents } from './list-consents.ts';
import { listPasskeys } from './list-passkeys.ts';
import { listReviewedGrants } from './list-reviewed-grants.ts';
import { listReviews } from './list-reviews.ts';
import { listSessions } from './list-sessions.ts';
import { listUsers } from './list-users.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { reactivateUser } from './reactivate-user.ts';
import { readMachine } from './read-machine.ts';
import { readReview } from './read-review.ts';
import { readUser } from './read-user.ts';
import { recordTraining } from './record-training.ts';
import { refresh } from './refresh.ts';
import { registerPasskey } from './register-passkey.ts';
import { removeApp, removeMachine } from './remove-client.ts';
import { removePasskey } from './remove-passkey.ts';
import { removeUser } from './remove-user.ts';
import { resetFactors } from './reset-factors.ts';
import { retireSecret } from './retire-secret.ts';
import { rotateSecret } from './rotate-secret.ts';
import type { Run } from './run.ts';
import { startReview } from './start-review.ts';
import { stepUp } from './step-up.ts';
import { suspendUser } from './suspend-user.ts';
import { withdrawConsent } from './withdraw-consent.ts';

/** The runs of the identity operations, by operation id. */
export const identityRuns: { readonly [id: string]: Run<IdentityPorts, undefined> } = {
  'auth.login': login,
  'auth.passkey': challengePasskey,
  'auth.stepUp': stepUp,
  'auth.challenge': answerChallenge,
  'auth.refresh': refresh,
  'auth.logout': logout,
  'passkeys.begin': beginPasskey,
  'passkeys.register': registerPasskey,
  'passkeys.list': listPasskeys,
  'passkeys.remove': removePasskey,
  'sessions.list': listSessions,
  'sessions.end': endOneSession,
  'sessions.endAll': endAllSessions,
  'users.endSessions': endUserSessions,
  'users.create': createUser,
  'users.list': listUsers,
  'users.read': readUser,
  'users.changeRole': changeRole,
  'users.suspend': suspendUser,
  'users.reactivate': reactivateUser,
  'users.remove': removeUser,
  'users.resetFactors': resetFactors,
  'users.recordTraining': recordTraining,
  'reviews.start': startReview,
  'reviews.list': listReviews,
  'reviews.read': readReview,
  'reviews.grants': listReviewedGrants,
  'reviews.decide': decideGrant,
  'apps.create': createApp,
  'apps.list': listApps,
  'apps.remove': removeApp,
  'machines.create': createMachine,
  'machines.list': listMachines,
  'machines.read': readMachine,
  'machines.remove': removeMachine,
  'machines.rotateSecret': rotateSecret,
  'machines.retireSecret': retireSecret,
  'consents.grant': grantConsent,
  'consents.list': listConsents,
  'consents.withdraw': withdrawConsent,
};
