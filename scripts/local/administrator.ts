import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { emulatorAccount, emulatorRegion } from './emulator.ts';

/** Long-lived access keys of the emulator. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The emulator's root: no policy, not even a resource's own, holds for it. */
export const rootKeys: AccessKeys = { accessKeyId: emulatorAccount, secretAccessKey: 'root' };

/**
 * The keys of an IAM administrator in the emulator, made on first use: under IAM evaluation a deployment needs a user,
 * because the CDK's roles cannot be assumed by root.
 * @param directory - keeps the keys in `emulator-administrator.json`, readable by its owner only
 */
export async function administratorKeys(directory: string, endpoint: string): Promise<AccessKeys> {
  const file = join(directory, 'emulator-administrator.json');
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as AccessKeys;
    const sts = new STSClient({ endpoint, region: emulatorRegion, credentials: { ...kept } });
    const known = await sts.send(new GetCallerIdentityCommand({})).then(
      () => true,
      () => false,
    );
    if (known) return kept;
  }
  const iam = new IAMClient({ endpoint, region: emulatorRegion, credentials: { ...rootKeys } });
  const UserName = 'local-administrator';
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(
    new AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const keys = {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}
