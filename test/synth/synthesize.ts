import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { StageConfig, StageName } from '../../lib/config/stage-config.ts';
import { stageConfig } from '../../lib/config/stages/index.ts';
import { functions } from '../../lib/constructs/role-paths.ts';
import { platform } from '../../lib/platform.ts';

/** What to synthesize, and what is wanted of it. */
export interface Order {
  readonly stage: StageName;
  /** What differs from the stage's own configuration. */
  readonly change?: Partial<StageConfig>;
  /** Whether to run the packs of checks, acknowledging nothing at one path, and the CDK's own validation too. */
  readonly checks?: { readonly without?: string; readonly validated?: boolean };
  /** Whether to list what the packs find without any acknowledgement, instead of the templates. */
  readonly findings?: true;
}

/** What came of it. */
export interface Outcome {
  readonly error?: string;
  readonly config?: StageConfig;
  readonly templates?: Readonly<Record<string, unknown>>;
  readonly omissions?: readonly string[];
  readonly protectedStacks?: readonly string[];
  /** `<rule> <construct path>` of each finding. */
  readonly findings?: readonly string[];
}

const findingsOf = async (app: App): Promise<string[]> => {
  const { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } = await import('cdk-nag');
  return [new AwsSolutionsChecks(), new HIPAASecurityChecks(), new NIST80053R5Checks()].flatMap((pack) =>
    app.node.children.flatMap((stack) =>
      pack
        .validateScope(stack)
        .violations.flatMap(({ ruleName, violatingResources = [] }) =>
          violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
        ),
    ),
  );
};

const fill = async (directory: string, { stage, change, checks, findings }: Order): Promise<Outcome> => {
  for (const name of functions) {
    mkdirSync(join(directory, 'bundles', name), { recursive: true });
    writeFileSync(
      join(directory, 'bundles', name, 'index.mjs'),
      'export const handler = async () => ({});\n',
    );
  }
  const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8'));
  const bundles = join(directory, 'bundles');
  const app = new App({ outdir: join(directory, 'out'), context: { ...context, bundles } });
  const config = { ...stageConfig(stage), ...change };
  const omissions: string[] = [];
  platform(app, config, (omission) => omissions.push(omission));
  if (findings) return { findings: await findingsOf(app) };
  if (checks) {
    const { addChecks } = await import('../../lib/checks/add-checks.ts');
    const { acknowledgements } = await import('../../lib/checks/acknowledgements.ts');
    addChecks(
      app,
      stage,
      acknowledgements.filter(({ path }) => path !== checks.without),
    );
  }
  const { stacks } = app.synth();
  const short = (name: string): string => name.replace(`chartlock-${stage}-`, '');
  return {
    config,
    omissions,
    templates: Object.fromEntries(stacks.map(({ stackName, template }) => [short(stackName), template])),
    protectedStacks: stacks
      .filter(({ terminationProtection }) => terminationProtection)
      .map(({ stackName }) => short(stackName)),
  };
};

/** Carries out an order, with a stub in place of each bundle; an exception is part of the outcome. */
const carryOut = async (order: Order): Promise<Outcome> => {
  const directory = mkdtempSync(join(tmpdir(), 'chartlock-synth-'));
  try {
    return await fill(directory, order);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

if (import.meta.main) {
  const outcome = await carryOut(JSON.parse(process.argv[3] ?? ''));
  writeFileSync(process.argv[2] ?? '', JSON.stringify(outcome));
}
