import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { LocalError } from './local-error.ts';
import type { RuntimeInfo } from './runtime-info.ts';

/** A new tenant and its first administrator. */
export interface NewTenant {
  readonly tenant: string;
  readonly admin: { readonly id: string; readonly temporaryPassword: string };
}

/** Creates a tenant by the operator's function, as the operator's command does. */
export async function createTenant(
  { emulator, region, outputs }: Pick<RuntimeInfo, 'emulator' | 'region' | 'outputs'>,
  tenant: { readonly name: string; readonly adminEmail: string },
): Promise<NewTenant> {
  const lambda = new LambdaClient({ endpoint: emulator.endpoint, region, credentials: { ...emulator } });
  const answer = await lambda.send(
    new InvokeCommand({
      FunctionName: outputs['identity-api']?.OperatorFunctionName ?? '',
      Payload: Buffer.from(JSON.stringify({ command: 'create-tenant', ...tenant })),
    }),
  );
  const payload = Buffer.from(answer.Payload ?? []).toString('utf8');
  if (answer.FunctionError) throw new LocalError(`The tenant could not be created: ${payload}`);
  return JSON.parse(payload) as NewTenant;
}
