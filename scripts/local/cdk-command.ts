import { delimiter, join } from 'node:path';
import type { AccessKeys } from './administrator.ts';
import { emulatorAccount, emulatorRegion } from './emulator.ts';
import { projectRoot } from './project-root.ts';

/** The pinned CDK command line: pass it to Node. */
export const cdkCommand = join(projectRoot, 'node_modules', 'aws-cdk', 'bin', 'cdk');

/**
 * The environment in which the CDK sees the emulator as AWS and nothing of this computer's own AWS set-up.
 * @param home - the CDK's private folder for caches
 */
export function cdkEnvironment(home: string, endpoint: string, keys: AccessKeys): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_|NODE_OPTIONS$|VITEST)/i.test(name)),
  );
  return {
    ...inherited,
    PATH: [join(projectRoot, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: emulatorRegion,
    AWS_DEFAULT_REGION: emulatorRegion,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(home, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'no-credentials'),
    CDK_HOME: home,
    CDK_DEFAULT_ACCOUNT: emulatorAccount,
    CDK_DEFAULT_REGION: emulatorRegion,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // Validating the templates takes longer than making them; test/synth does it.
    CDK_VALIDATION: 'false',
    NO_COLOR: '1',
  };
}
