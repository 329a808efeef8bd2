import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { RuntimeInfo } from '../scripts/local/runtime-info.ts';

const help = `Sets up tenants, with your own AWS permissions; you need lambda:InvokeFunction on the operator function.

  node bin/operator.ts tenant create --name "Riverside Clinic" <administrator> --stage dev
  node bin/operator.ts administrator restore --tenant abc123def456 <administrator> --stage dev

  <administrator>     --admin-email admin@riverside.example --admin-trained-on 2026-11-22

  --name              the tenant's name
  --tenant            the tenant's id
  --admin-email       the e-mail address of its administrator
  --admin-trained-on  the day of that person's last security and privacy training, not older than a year
  --stage             the deployed stage; uses the AWS credentials and region of your environment
  --runtime           instead of a stage: the runtime.json of a running local runtime, such as .local/runtime.json
  --help              this text

tenant create prints the tenant's id and the first administrator's temporary password, once. Repeating the command with the
same name and address is safe: until the administrator has signed in, it gives the same tenant and a new temporary password.

administrator restore lets an administrator act again in a tenant where none can, because trainings have lapsed or nobody
attested them in a review of access. Password and factors stay as they are.`;

const options = {
  name: { type: 'string' },
  tenant: { type: 'string' },
  'admin-email': { type: 'string' },
  'admin-trained-on': { type: 'string' },
  stage: { type: 'string' },
  runtime: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** A mistake that the person at the keyboard can mend. */
class UsageError extends Error {}

/** The operator's function, and a client that may invoke it. */
interface Target {
  readonly lambda: LambdaClient;
  readonly functionName: string;
}

const outputKey = 'OperatorFunctionName';

/** The function of a running local runtime. */
function localTarget(file: string): Target {
  let info: RuntimeInfo;
  try {
    info = JSON.parse(readFileSync(file, 'utf8')) as RuntimeInfo;
  } catch {
    throw new UsageError(`${file} is not the runtime.json of a running local runtime. Start one: npm start`);
  }
  const { endpoint, accessKeyId, secretAccessKey } = info.emulator;
  return {
    lambda: new LambdaClient({
      endpoint,
      region: info.region,
      credentials: { accessKeyId, secretAccessKey },
    }),
    functionName: info.outputs['identity-api']?.[outputKey] ?? '',
  };
}

/** The function of a deployed stage, from its stack's outputs. */
async function deployedTarget(stage: string): Promise<Target> {
  const StackName = `chartlock-${stage}-identity-api`;
  const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName }));
  const functionName = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === outputKey)?.OutputValue;
  if (functionName === undefined) throw new UsageError(`The stack ${StackName} has no output ${outputKey}.`);
  return { lambda: new LambdaClient(), functionName };
}

interface Command {
  /** What the function knows it by. */
  readonly command: string;
  /** What it is given, by option. */
  readonly takes: { readonly [O in keyof typeof options]?: string };
  readonly failure: string;
  readonly remark?: string;
}

const administrator = { 'admin-email': 'adminEmail', 'admin-trained-on': 'adminTrainedOn' } as const;
const commands: { readonly [words: string]: Command } = {
  'tenant create': {
    command: 'create-tenant',
    takes: { name: 'name', ...administrator },
    failure: 'The tenant was not created.',
    remark: 'The password is shown this once; the first sign-in replaces it and enrols a second factor.',
  },
  'administrator restore': {
    command: 'restore-administrator',
    takes: { tenant: 'tenant', ...administrator },
    failure: 'The administrator was not restored.',
  },
};

interface Outcome {
  readonly tenant: string;
  readonly admin: { readonly id: string; readonly temporaryPassword?: string };
}

async function invoke({ lambda, functionName }: Target, { failure }: Command, input: object) {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(input)) }),
  );
  const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8') || '{}');
  if (answer.FunctionError) throw new UsageError(`${failure} ${payload.errorMessage ?? ''}`);
  return payload as Outcome;
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${help}`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args);
  if (values.help) return console.log(help);
  const words = positionals.join(' ');
  const command = Object.hasOwn(commands, words) ? commands[words] : undefined;
  if (command === undefined)
    throw new UsageError(`Say what to do: ${Object.keys(commands).join(' or ')}\n\n${help}`);
  const { 'admin-email': adminEmail, stage, runtime } = values;
  const wanted = Object.keys(command.takes) as (keyof typeof command.takes)[];
  if (wanted.some((option) => !values[option]))
    throw new UsageError(`Give ${new Intl.ListFormat('en').format(wanted.map((option) => `--${option}`))}.`);
  if ((stage === undefined) === (runtime === undefined))
    throw new UsageError('Give either --stage or --runtime.');
  const target = runtime === undefined ? await deployedTarget(stage ?? '') : localTarget(runtime);
  const input = Object.fromEntries(wanted.map((option) => [command.takes[option], values[option]]));
  const { tenant, admin } = await invoke(target, command, { command: command.command, ...input });
  console.log(`tenant              ${tenant}`);
  console.log(`administrator       ${adminEmail} (${admin.id})`);
  if (admin.temporaryPassword) console.log(`temporary password  ${admin.temporaryPassword}`);
  if (command.remark) console.log(`\n${command.remark}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { name, message } = error as Error;
  console.error(error instanceof UsageError ? message : `${name}: ${message}`);
  process.exitCode = 1;
}
