import type { StageConfig } from '../stage-config.ts';

/** A shared stage in AWS for development, with synthetic data only. Replace the placeholders before deploying. */
export const dev: StageConfig = {
  stage: 'dev',
  account: '000000000000',
  region: 'us-east-1',
  domain: {
    name: 'api.dev.chartlock.example.org',
    certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000',
  },
  managedLogin: { prefix: 'chartlock-dev-000000000000' },
  keyAdministrators: ['arn:aws:iam::000000000000:role/key-administrator'],
  passkeys: { relyingParty: 'dev.chartlock.example.org', origins: ['https://app.dev.chartlock.example.org'] },
  administrativeFactor: 'passkey',
  accessTokenMinutes: 15,
  stepUpMinutes: 5,
  workforceSession: { idleMinutes: 15, absoluteHours: 12 },
  patientSession: { idleMinutes: 30, absoluteHours: 24 },
  archive: { mode: 'GOVERNANCE', days: 1 },
  logRetentionDays: 30,
  throttle: { ratePerSecond: 100, burst: 200 },
  perAddress: { requests: 10_000, signIns: 500 },
  concurrency: { clinical: 20, identity: 10, preToken: 10, passkeyChallenge: 5, operator: 1 },
};
