import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { RuntimeInfo } from '../scripts/local/runtime-info.ts';

const help = `Sets up tenants, with your own AWS permissions; you need lambda:InvokeFunction on the operator function.

  node bin/operator.ts tenant create --name "Riverside Clinic" --admin-email admin@riverside.example \
    --admin-trained-on 2026-11-22 --stage dev

  --name              the tenant's name
  --admin-email       the e-mail address of its first administrator
  --admin-trained-on  the day of that person's last security and privacy training, not older than a year
  --stage             the deployed stage; uses the AWS credentials and region of your environment
  --runtime           instead of a stage: the runtime.json of a running local runtime, such as .local/runtime.json
  --help              this text

It prints the tenant's id and the administrator's temporary password, once. Repeating the command with the same name and
address is safe: until the administrator has signed in, it gives the same tenant and a new temporary password.`;

const options = {
  name: { type: 'string' },
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

interface NewTenant {
  readonly name: string;
  readonly adminEmail: string;
  readonly adminTrainedOn: string;
}

interface CreatedTenant {
  readonly tenant: string;
  readonly admin: { readonly id: string; readonly temporaryPassword: string };
}

async function createTenant({ lambda, functionName }: Target, wanted: NewTenant) {
  const answer = await lambda.send(
    new InvokeCommand({
      FunctionName: functionName,
      Payload: Buffer.from(JSON.stringify({ command: 'create-tenant', ...wanted })),
    }),
  );
  const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8') || '{}');
  if (answer.FunctionError) throw new UsageError(`The tenant was not created. ${payload.errorMessage ?? ''}`);
  return payload as CreatedTenant;
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
  if (positionals.join(' ') !== 'tenant create')
    throw new UsageError(`Say what to do: tenant create\n\n${help}`);
  const { name, 'admin-email': adminEmail, 'admin-trained-on': adminTrainedOn, stage, runtime } = values;
  if (!name || !adminEmail || !adminTrainedOn)
    throw new UsageError('Give --name, --admin-email and --admin-trained-on.');
  if ((stage === undefined) === (runtime === undefined))
    throw new UsageError('Give either --stage or --runtime.');
  const target = runtime === undefined ? await deployedTarget(stage ?? '') : localTarget(runtime);
  const { tenant, admin } = await createTenant(target, { name, adminEmail, adminTrainedOn });
  console.log(`tenant              ${tenant}`);
  console.log(`administrator       ${adminEmail} (${admin.id})`);
  console.log(`temporary password  ${admin.temporaryPassword}`);
  console.log('\nThe password is shown this once; the first sign-in replaces it and enrols a second factor.');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { name, message } = error as Error;
  console.error(error instanceof UsageError ? message : `${name}: ${message}`);
  process.exitCode = 1;
}
