import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { LocalError } from '../scripts/local/local-error.ts';
import { projectRoot } from '../scripts/local/project-root.ts';
import { readRuntimeInfo } from '../scripts/local/runtime-info.ts';

const help = `Prints what the functions of the running local runtime logged, oldest first.

  npm run --silent logs                         the last 15 minutes
  npm run --silent logs -- --minutes 60
  npm run --silent logs -- <requestId>          only lines with this text

A function logs ids and codes only: find an error by the requestId of the answer.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      minutes: { type: 'string', default: '15' },
      directory: { type: 'string', default: join(projectRoot, '.local') },
    },
    allowPositionals: true,
  });
  if (values.help) return console.log(help);
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new LocalError('--minutes needs a number above 0.');
  const { emulator, region } = readRuntimeInfo(values.directory);
  const { endpoint, accessKeyId, secretAccessKey } = emulator;
  const client = new CloudWatchLogsClient({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  const lines: { timestamp: number; text: string }[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {})) {
    for (const { logGroupName = '' } of logGroups) {
      const query = { logGroupName, startTime: Date.now() - minutes * 60_000 };
      for await (const { events = [] } of paginateFilterLogEvents({ client }, query)) {
        lines.push(
          ...events.map(({ timestamp = 0, message = '' }) => ({ timestamp, text: message.trimEnd() })),
        );
      }
    }
  }
  const wanted = lines.filter(({ text }) => positionals.every((part) => text.includes(part)));
  for (const { text } of wanted.sort((a, b) => a.timestamp - b.timestamp)) console.log(text);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
