import type { StageConfig } from '../stage-config.ts';

/** The embedded runtime: the real stacks in an emulator on loopback, with synthetic data only. */
export const local: StageConfig = {
  stage: 'local',
  account: '111122223333',
  region: 'us-east-1',
  managedLogin: { prefix: 'chartlock-local' },
  keyAdministrators: ['arn:aws:iam::111122223333:role/key-administrator'],
  passkeys: { relyingParty: 'localhost', origins: ['https://localhost:8443'] },
  administrativeFactor: 'totp',
  accessTokenMinutes: 15,
  stepUpMinutes: 5,
  workforceSession: { idleMinutes: 15, absoluteHours: 12 },
  patientSession: { idleMinutes: 30, absoluteHours: 24 },
  archive: { mode: 'GOVERNANCE', days: 1 },
  logRetentionDays: 7,
  throttle: { ratePerSecond: 500, burst: 1_000 },
  perAddress: { requests: 100_000, signIns: 10_000 },
  concurrency: { clinical: 50, identity: 50, preToken: 50, passkeyChallenge: 25, operator: 2 },
};
