import type { StageConfig } from '../../lib/config/stage-config.ts';

/** A partners' domain for production, which has none by default. */
export const partnerDomain = {
  name: 'partners.chartlock.example.org',
  certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000001',
  truststore: { bucket: 'chartlock-truststore', key: 'partners.pem', version: 'aVersionOfTheTruststore' },
} as const satisfies StageConfig['partnerDomain'];
