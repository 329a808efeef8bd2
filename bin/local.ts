import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultPort } from '../scripts/local/listener.ts';
import { LocalError } from '../scripts/local/local-error.ts';
import type { RuntimeInfo } from '../scripts/local/runtime-info.ts';

const help = `Runs the whole platform on this computer, without an AWS account.

  npm start                       start it; Ctrl-C stops it and keeps its data
  npm start -- --port 9443        serve the API on another port (default ${defaultPort})
  npm start -- --reset            forget the data of earlier starts first
  npm start -- --no-demo          without demo tenants, users and patients
  npm start -- --help             this text

Everything listens on 127.0.0.1 only. What other programs need is in .local/runtime.json.`;

const options = {
  port: { type: 'string', default: String(defaultPort) },
  reset: { type: 'boolean', default: false },
  demo: { type: 'boolean', default: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function readArguments() {
  try {
    const { values } = parseArgs({ options, allowNegative: true });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error('--port needs a number from 1 to 65535.');
    return { ...values, port };
  } catch (error) {
    throw new LocalError(`${(error as Error).message}\n\n${help}`);
  }
}

/** The lines that let a newcomer make a first request. */
function welcome({ baseUrl, caCertificate, users, patients }: RuntimeInfo): string {
  const rows = Object.entries(users).map(
    ([name, { email, password, totpSecret }]) =>
      `  ${name.padEnd(15)} ${email.padEnd(28)} ${password}  ${totpSecret}`,
  );
  const patient = patients[0]?.id;
  const demo = [
    `  ${'demo user'.padEnd(15)} ${'e-mail'.padEnd(28)} ${'password'.padEnd(24)}  TOTP secret`,
    ...rows,
    '',
    'Try it in another terminal:',
    '',
    `  curl --cacert ${relative(process.cwd(), caCertificate)} \\`,
    '    -H "Authorization: Bearer $(npm run --silent token -- provider)" \\',
    `    '${baseUrl}/clinical/v1/patients/${patient}?fields=id,name,birthDate'`,
  ];
  return [
    '',
    `Chartlock is ready at ${baseUrl}`,
    '',
    ...(patient === undefined ? [] : demo),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

/** Aborts at the first Ctrl-C; a second one does not wait. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

async function main(): Promise<void> {
  const { port, reset, demo, help: wantsHelp } = readArguments();
  if (wantsHelp) return console.log(help);
  const signal = interruption();
  const interrupted = new Promise<'interrupted'>((resolve) =>
    signal.addEventListener('abort', () => resolve('interrupted')),
  );
  try {
    // Loaded late: help and complaints about arguments should come at once.
    const { startRuntime } = await import('../scripts/local/start-runtime.ts');
    const runtime = await startRuntime({ port, reset, seed: demo, signal });
    if (!signal.aborted) console.log(welcome(runtime.info));
    const reason = await Promise.race([interrupted, runtime.ended.then(() => 'ended' as const)]);
    console.log(
      reason === 'interrupted' ? '\nStopping, and saving the data.' : '\nThe AWS emulator ended by itself.',
    );
    await runtime.stop();
    if (reason === 'ended') process.exitCode = 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log('\nStopped before it was ready.');
    process.exitCode = 130;
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof LocalError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
