import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { bundle } from '../bundle.ts';
import { type AccessKeys, rootKeys } from './administrator.ts';
import { type Assembly, readAssembly } from './assembly.ts';
import { cdkCommand, cdkEnvironment } from './cdk-command.ts';
import { emulatorAccount, emulatorRegion } from './emulator.ts';
import { LocalError } from './local-error.ts';
import type { Progress } from './progress.ts';
import { projectRoot } from './project-root.ts';
import { reapply } from './reapply/reapply.ts';
import { runCommand } from './run-command.ts';
import { sourceDigest } from './source-digest.ts';

/** What is deployed: the outputs of every stack by the stack's short name and the output's key. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Where a deployment goes and what it deploys. */
export interface DeploymentOptions {
  /** The runtime's own folder. */
  readonly directory: string;
  readonly stage: string;
  readonly endpoint: string;
  readonly keys: AccessKeys;
  readonly report: Progress;
  readonly signal?: AbortSignal;
}

/** The state of the stacks after which nothing needed to be deployed. */
interface Deployed {
  readonly digest: string;
  readonly stacks: Readonly<Record<string, string>>;
}

/**
 * Bundles and synthesizes the platform and deploys it by the real CDK command line, unless the emulator already has exactly
 * these stacks.
 * @returns the stacks' outputs
 */
export async function deploy(options: DeploymentOptions): Promise<Outputs> {
  const { directory, endpoint, keys, report, stage } = options;
  const cloudFormation = new CloudFormationClient({
    endpoint,
    region: emulatorRegion,
    credentials: { ...keys },
  });
  const assembly = await prepare(cloudFormation, options);
  const file = join(directory, 'deployed.json');
  const before = await describeStacks(cloudFormation, assembly);
  if (isDeployed(file, assembly, before)) {
    report('stacks are up to date');
    return outputsOf(before, stage);
  }
  report(`deploying ${assembly.templates.size} stacks`);
  const flags = [
    '--all',
    '--require-approval',
    'never',
    '--progress',
    'events',
    '--method',
    'direct',
    '--concurrency',
    '4',
  ];
  await runCdk('cdk deploy', options, ['deploy', '--app', assembly.directory, ...flags]).catch(
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LocalError(
        `${reason}\nIf the data of earlier starts is the cause, forget it: npm start -- --reset`,
      );
    },
  );
  report('deployed');
  const stacks = await describeStacks(cloudFormation, assembly);
  // As root: bucket policies refuse such changes to everyone else, once they are attached.
  const asRoot = { endpoint, region: emulatorRegion, credentials: { ...rootKeys } };
  const applied = await reapply(asRoot, assembly, cloudFormation);
  report(`re-applied ${applied.length} settings that the emulator's CloudFormation leaves out`);
  const deployed: Deployed = { digest: assembly.digest, stacks: identities(stacks) };
  writeFileSync(file, JSON.stringify(deployed), { mode: 0o600 });
  return outputsOf(stacks, stage);
}

/** Synthesizes and bootstraps at the same time; when one fails, the other is given up. */
async function prepare(cloudFormation: CloudFormationClient, options: DeploymentOptions): Promise<Assembly> {
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])]);
  const giveUp = (error: unknown): never => {
    failure.abort();
    throw error;
  };
  const [assembly] = await Promise.all([
    synthesize({ ...options, signal }).catch(giveUp),
    bootstrap(cloudFormation, { ...options, signal }).catch(giveUp),
  ]);
  return assembly;
}

/** Bundles the functions and synthesizes the stacks, unless that was done from the same sources already. */
async function synthesize(options: DeploymentOptions): Promise<Assembly> {
  const { directory, report, stage } = options;
  const output = join(directory, 'cdk.out');
  const file = join(directory, 'synthesized-from');
  const sources = sourceDigest(projectRoot);
  if (
    existsSync(file) &&
    readFileSync(file, 'utf8') === sources &&
    existsSync(join(output, 'manifest.json'))
  ) {
    return readAssembly(output);
  }
  rmSync(file, { force: true });
  const bundles = await bundle();
  report(`bundled ${bundles.length} functions`);
  await runCdk('cdk synth', options, ['synth', '--quiet', '--output', output, '--context', `stage=${stage}`]);
  writeFileSync(file, sources);
  report('synthesized the stacks');
  return readAssembly(output);
}

function runCdk(what: string, options: DeploymentOptions, args: readonly string[]): Promise<string> {
  const { directory, endpoint, keys, signal } = options;
  const flags = ['--no-notices', '--no-color'];
  return runCommand(what, process.execPath, [cdkCommand, ...args, ...flags], {
    environment: cdkEnvironment(join(directory, 'cdk-home'), endpoint, keys),
    // Without an application the account is bootstrapped a second sooner.
    directory: args[0] === 'bootstrap' ? directory : projectRoot,
    logFile: join(directory, 'deploy.log'),
    ...(signal ? { signal } : {}),
  });
}

/** Deploys the CDK's bootstrap stack, once; without the bucket policy that allows TLS only, for the emulator has none. */
async function bootstrap(cloudFormation: CloudFormationClient, options: DeploymentOptions): Promise<void> {
  const known = await describeStack(cloudFormation, 'CDKToolkit');
  if (known?.StackStatus?.endsWith('_COMPLETE')) return;
  options.report('bootstrapping the account for the CDK');
  const template = await runCdk('cdk bootstrap --show-template', options, ['bootstrap', '--show-template']);
  const file = join(options.directory, 'bootstrap-template.yaml');
  writeFileSync(file, withoutResource(template, 'StagingBucketPolicy'));
  const environment = `aws://${emulatorAccount}/${emulatorRegion}`;
  await runCdk('cdk bootstrap', options, ['bootstrap', environment, '--template', file]);
  options.report('bootstrapped');
}

/**
 * A YAML template without one of its resources.
 * @throws Error when it has no such resource
 */
export function withoutResource(template: string, logicalId: string): string {
  const block = new RegExp(`^ {2}${logicalId}:\\n(?: {3,}.*\\n|\\s*\\n)*`, 'm');
  if (!block.test(template)) throw new Error(`the bootstrap template has no ${logicalId}`);
  return template.replace(block, '');
}

function isDeployed(file: string, assembly: Assembly, stacks: readonly Stack[]): boolean {
  if (stacks.length !== assembly.templates.size || !existsSync(file)) return false;
  const deployed = JSON.parse(readFileSync(file, 'utf8')) as Deployed;
  return (
    deployed.digest === assembly.digest &&
    JSON.stringify(deployed.stacks) === JSON.stringify(identities(stacks))
  );
}

/** Tells this creation and update of each stack from any other, also after the emulator lost its state. */
function identities(stacks: readonly Stack[]): Record<string, string> {
  return Object.fromEntries(
    stacks
      .map((stack) => [
        stack.StackName ?? '',
        `${stack.StackId} ${stack.StackStatus} ${stack.LastUpdatedTime?.getTime()}`,
      ])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
}

async function describeStacks(cloudFormation: CloudFormationClient, assembly: Assembly): Promise<Stack[]> {
  const found = await Promise.all(
    [...assembly.templates.keys()].map((name) => describeStack(cloudFormation, name)),
  );
  return found.filter((stack) => stack !== undefined);
}

async function describeStack(
  cloudFormation: CloudFormationClient,
  StackName: string,
): Promise<Stack | undefined> {
  const answer = await cloudFormation.send(new DescribeStacksCommand({ StackName })).catch(() => undefined);
  return answer?.Stacks?.[0];
}

function outputsOf(stacks: readonly Stack[], stage: string): Outputs {
  return Object.fromEntries(
    stacks.map((stack) => [
      (stack.StackName ?? '').replace(`chartlock-${stage}-`, ''),
      Object.fromEntries(
        (stack.Outputs ?? []).map((output) => [output.OutputKey ?? '', output.OutputValue ?? '']),
      ),
    ]),
  );
}
