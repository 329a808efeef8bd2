import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { acknowledgements } from '../../lib/checks/acknowledgements.ts';
import { acknowledged, addChecks } from '../../lib/checks/add-checks.ts';
import { stageConfig } from '../../lib/config/stages/index.ts';
import { platform } from '../../lib/platform.ts';
import { application } from './synthesized.ts';

/** What the packs find, as `rule path`, without any acknowledgement. */
const findings = (): Set<string> => {
  const { app, done } = application();
  try {
    const stacks = Object.values(platform(app, stageConfig('prod')));
    const packs = [new AwsSolutionsChecks(), new HIPAASecurityChecks(), new NIST80053R5Checks()];
    const found = packs.flatMap((pack) =>
      stacks.flatMap((stack) =>
        pack
          .validateScope(stack)
          .violations.flatMap(({ ruleName, violatingResources = [] }) =>
            violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
          ),
      ),
    );
    return new Set(found);
  } finally {
    done();
  }
};

const synthesize = (stage: 'prod' | 'dev', without?: string): void => {
  const { app, done } = application();
  try {
    platform(app, stageConfig(stage));
    addChecks(
      app,
      stage,
      without === undefined ? acknowledgements : acknowledgements.filter(({ path }) => path !== without),
    );
    app.synth();
  } finally {
    done();
  }
};

describe('the packs', () => {
  it.each(['prod', 'dev'] as const)('pass in stage %s', (stage) => {
    expect(() => synthesize(stage)).not.toThrow();
  });

  it('would fail the synthesis on what is not acknowledged', () => {
    expect(() => synthesize('prod', 'audit/Archive')).toThrow();
  });

  it('acknowledge nothing that they do not find', () => {
    const found = [...findings()];
    const { app, done } = application();
    platform(app, stageConfig('prod'));
    const stale = acknowledgements.flatMap((acknowledgement) => {
      const { path } = acknowledged(app, 'prod', acknowledgement).node;
      return acknowledgement.rules
        .filter((rule) => !found.some((finding) => finding.startsWith(`${rule} ${path}`)))
        .map((rule) => `${rule} ${path}`);
    });
    done();
    expect(stale).toEqual([]);
  });

  it.each(acknowledgements)('are not followed at $path for a reason', ({ reason }) => {
    expect(reason.length).toBeGreaterThan(60);
  });
});
