import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { signIn } from '../scripts/local/api-client.ts';
import { LocalError } from '../scripts/local/local-error.ts';
import { projectRoot } from '../scripts/local/project-root.ts';
import { readRuntimeInfo } from '../scripts/local/runtime-info.ts';

const help = `Prints an access token of a demo user of the running local runtime, and nothing else.

  npm run --silent token -- provider
  npm run --silent token -- other-provider

It signs in over HTTPS with the user's password and TOTP code, as .local/runtime.json gives them.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      directory: { type: 'string', default: join(projectRoot, '.local') },
    },
    allowPositionals: true,
  });
  if (values.help) return console.log(help);
  const info = readRuntimeInfo(values.directory);
  const names = Object.keys(info.users).join(', ');
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new LocalError(`Name one demo user: ${names}.`);
  const user = info.users[name];
  if (user === undefined) throw new LocalError(`There is no demo user of that name. There are: ${names}.`);
  const { accessToken } = await signIn(info, user);
  console.log(accessToken);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
