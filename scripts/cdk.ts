import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { stages } from '../lib/config/stage-config.ts';
import { bundle, sizeLines } from './bundle.ts';
import { cdkCommand } from './local/cdk-command.ts';
import { projectRoot } from './local/project-root.ts';

const commands = ['synth', 'deploy'] as const;
type Command = (typeof commands)[number];

const help: Readonly<Record<Command, string>> = {
  synth: `Writes the CloudFormation templates of a stage into cdk.out; needs no network and no AWS account.

  npm run synth -- --stage prod

Stages: ${stages.join(', ')}. Anything else is passed on to \`cdk synth\`.`,
  deploy: `Deploys a stage to the AWS account of your current credentials.

  npm run deploy -- --stage dev

Stages: ${stages.filter((stage) => stage !== 'local').join(', ')}. Anything else is passed on to \`cdk deploy\`: stack names, --require-approval, …
Without stack names it deploys all stacks.`,
};

/** What the person at the keyboard asked for. */
export interface CdkRequest {
  readonly command: Command;
  readonly stage: string;
  /** For the CDK itself. */
  readonly rest: readonly string[];
}

/**
 * Reads the command line: a command, `--stage <name>` or `--stage=<name>`, and arguments for the CDK.
 * @returns a sentence when something is wrong or help was asked for
 */
export function readRequest([command, ...args]: readonly string[]):
  | CdkRequest
  | { readonly sentence: string; readonly ok: boolean } {
  if (command !== 'synth' && command !== 'deploy')
    return { sentence: `Name a command: ${commands.join(', ')}.`, ok: false };
  if (args.includes('--help') || args.includes('-h')) return { sentence: help[command], ok: true };
  const rest: string[] = [];
  let stage: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (argument === '--stage') {
      index += 1;
      stage = args[index] ?? '';
    } else if (argument.startsWith('--stage=')) stage = argument.slice('--stage='.length);
    else rest.push(argument);
  }
  if (stage === undefined)
    return { sentence: `Name a stage: npm run ${command} -- --stage <${stages.join('|')}>`, ok: false };
  if (!stages.some((name) => name === stage))
    return { sentence: `There is no such stage. There are: ${stages.join(', ')}.`, ok: false };
  if (command === 'deploy' && stage === 'local')
    return { sentence: 'The local stage is for this computer: npm start', ok: false };
  return { command, stage, rest };
}

async function main(): Promise<number> {
  const request = readRequest(process.argv.slice(2));
  if ('sentence' in request) {
    (request.ok ? console.log : console.error)(request.sentence);
    return request.ok ? 0 : 1;
  }
  for (const line of sizeLines(await bundle())) console.log(line);
  const { command, stage, rest } = request;
  const named = rest.some((argument) => argument.startsWith('chartlock-'));
  const args = [
    cdkCommand,
    command,
    ...['--context', `stage=${stage}`, '--context', `action=${command}`, '--no-notices'],
    ...(command === 'synth' ? ['--quiet'] : []),
    ...(command === 'deploy' && !named && !rest.includes('--all') ? ['--all'] : []),
    ...rest,
  ];
  const environment = {
    ...process.env,
    PATH: [join(projectRoot, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    ...(command === 'synth' ? { CDK_HOME: join(projectRoot, '.local', 'cdk-home') } : {}),
  };
  const { status } = spawnSync(process.execPath, args, {
    cwd: projectRoot,
    stdio: 'inherit',
    env: environment,
  });
  return status ?? 1;
}

if (import.meta.main) process.exitCode = await main();
