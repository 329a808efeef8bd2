import type { StageConfig } from '../stage-config.ts';

/** Production. Replace the placeholders before deploying, and read what `archive.irreversible` confirms. */
export const prod: StageConfig = {
  stage: 'prod',
  account: '000000000000',
  region: 'us-east-1',
  domain: {
    name: 'api.chartlock.example.org',
    certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000',
  },
  managedLogin: {
    name: 'auth.chartlock.example.org',
    certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000',
  },
  keyAdministrators: ['arn:aws:iam::000000000000:role/key-administrator'],
  passkeys: { relyingParty: 'chartlock.example.org', origins: ['https://app.chartlock.example.org'] },
  administrativeFactor: 'passkey',
  accessTokenMinutes: 15,
  stepUpMinutes: 5,
  workforceSession: { idleMinutes: 15, absoluteHours: 12 },
  patientSession: { idleMinutes: 30, absoluteHours: 24 },
  archive: { mode: 'COMPLIANCE', days: 2_192, irreversible: 'chartlock-prod-audit/Archive' },
  logRetentionDays: 2_192,
  throttle: { ratePerSecond: 1_000, burst: 2_000 },
  perAddress: { requests: 50_000, signIns: 2_000 },
  concurrency: { clinical: 400, identity: 150, preToken: 100, passkeyChallenge: 50, operator: 2 },
};
