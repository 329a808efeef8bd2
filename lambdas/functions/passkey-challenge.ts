import { passkeyChallenge } from '../operations/passkey-challenge.ts';
import { ownDynamodb } from '../ports/aws-clients.ts';
import { environmentOf } from '../ports/environment.ts';
import { signInEvidence } from '../ports/sign-in-evidence.ts';

const { SESSIONS_TABLE: table } = environmentOf(process.env, ['SESSIONS_TABLE']);

/** Cognito's triggers for a sign-in by passkey. */
export const handler = passkeyChallenge({ evidence: signInEvidence({ table, dynamodb: ownDynamodb() }) });
