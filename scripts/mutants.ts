/** Takes each protection out of the run-time code in turn and shows that a test notices; see `--help`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmulator } from './local/emulator.ts';
import type { Mutant } from './mutants/mutant.ts';
import { label } from './mutants/report.ts';
import { runMutants, type Service } from './mutants/run-mutants.ts';

const root = join(import.meta.dirname, '..');

const help = `Takes each protection out of lambdas/ in turn and runs the unit tests that reach it; a test must fail.

Protections are found in the code by their shape: links of a middleware chain, guards, predicates, throws,
DynamoDB conditions, calls that stand alone, and every use and part of the cryptography.

  npm run mutants                        all of them
  npm run mutants -- --only <pattern>    those whose label has the pattern (a path or a regular expression); repeatable
  npm run mutants -- --changed           those in modules that differ from the last commit
  npm run mutants -- --tests <pattern>   only by the test files whose path has the pattern: a quick look
  npm run mutants -- --list              name them, with their labels, and run nothing
  npm run mutants -- --jobs <n>          so many at a time (2)

A mutant that no test can notice is excused in scripts/mutants/excuses.json, with a reason.
Ends with code 1 when a mutant survives or an excuse is stale.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    tests: { type: 'string' },
    changed: { type: 'boolean' },
    list: { type: 'boolean' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** One emulator for the tests of a copy, which empty it before they start. */
const emulator = async (): Promise<Service> => {
  const directory = mkdtempSync(join(tmpdir(), 'chartlock-mutants-emulator-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const { endpoint, stop } = await startEmulator({ directory });
  return {
    environment: { CHARTLOCK_TEST_EMULATOR: endpoint },
    stop,
  };
};

const git = (...args: readonly string[]): readonly string[] =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');

const changedFiles = (): ReadonlySet<string> =>
  new Set([
    ...git('diff', '--name-only', 'HEAD'),
    ...git('ls-files', '--others', '--exclude-standard', 'lambdas'),
  ]);

if (values.help) {
  console.log(help);
} else {
  const patterns = (values.only ?? []).map((pattern) => new RegExp(pattern));
  const changed = values.changed ? changedFiles() : undefined;
  const selects = (mutant: Mutant): boolean =>
    (patterns.length === 0 || patterns.some((pattern) => pattern.test(label(mutant)))) &&
    (changed === undefined || changed.has(mutant.file));
  const tests = new RegExp(values.tests ?? '');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const passed = await runMutants({
    root,
    project: 'unit',
    excuses: join(root, 'scripts/mutants/excuses.json'),
    selects,
    usesTest: (path) => tests.test(path),
    jobs: Math.max(1, Number(values.jobs) || 1),
    serve: emulator,
    listOnly: values.list ?? false,
    log: (line) => console.log(line),
  });
  process.exitCode = passed ? 0 : 1;
}
