import { describe, expect, it, vi } from 'vitest';
import { acknowledgements } from '../../lib/checks/acknowledgements.ts';
import { partnerDomain } from './partner-domain.ts';
import { ordered } from './synthesized.ts';

// The packs look at every resource, and a busy machine may take its time.
vi.setConfig({ testTimeout: 180_000 });

describe('the packs of checks', () => {
  it('pass in production, and so does the validation of the templates', () => {
    const change = { partnerDomain };
    expect(() => ordered({ stage: 'prod', change, checks: { validated: true } })).not.toThrow();
  });

  it('pass in stage dev', () => {
    expect(() => ordered({ stage: 'dev', checks: {} })).not.toThrow();
  });

  it('fail the synthesis on what is not acknowledged', () => {
    expect(() => ordered({ stage: 'prod', checks: { without: 'audit/Archive' } })).toThrow(/validation/i);
  });

  it('find what is acknowledged, and nothing is acknowledged that they do not find', () => {
    const { findings = [] } = ordered({ stage: 'prod', change: { partnerDomain }, findings: true });
    const stale = acknowledgements.flatMap(({ path, rules }) =>
      rules
        .map((rule) => `${rule} chartlock-prod-${path}`)
        .filter((acknowledged) => !findings.some((finding) => finding.startsWith(acknowledged))),
    );
    expect(findings.length).toBeGreaterThan(0);
    expect(stale).toEqual([]);
  });

  it.each(acknowledgements)('have a reason for $rules at $path', ({ reason }) => {
    expect(reason.length).toBeGreaterThan(60);
  });
});
