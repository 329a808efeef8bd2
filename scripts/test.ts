import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { projectRoot } from './local/project-root.ts';

const help = `Runs everything that must hold before a change is taken in: derived files, lint, types, tests.

  npm test                            everything
  npm test -- test/model              only the tests whose path contains this
  npm test -- --project unit          any argument of vitest: only vitest runs then
  npm test -- --help                  this text`;

/** A check before the tests: what must hold, and the Node script that finds out. */
type Check = readonly [title: string, script: string, args: readonly string[]];

const checks: readonly Check[] = [
  ['derived files are up to date', 'scripts/generate.ts', ['--check']],
  ['lint and format', 'node_modules/@biomejs/biome/bin/biome', ['ci']],
  ['types', 'node_modules/typescript/bin/tsc', []],
];

/** How many tests passed and failed. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

function section(title: string): void {
  console.log(`\n== ${title}`);
}

function runScript(script: string, args: readonly string[]): number {
  const environment = {
    ...process.env,
    PATH: [join(projectRoot, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter),
  };
  const options = { cwd: projectRoot, stdio: 'inherit', env: environment } as const;
  return spawnSync(process.execPath, [join(projectRoot, script), ...args], options).status ?? 1;
}

function passes([title, script, args]: Check): boolean {
  section(title);
  const status = runScript(script, args);
  console.log(status === 0 ? 'ok' : `failed: ${title}`);
  return status === 0;
}

/** Runs vitest and counts; a run that broke off counts as one failure at least. */
function runTests(args: readonly string[]): Counts {
  section('tests');
  const results = join(projectRoot, '.local', 'test-results.json');
  mkdirSync(dirname(results), { recursive: true });
  rmSync(results, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const status = runScript('node_modules/vitest/vitest.mjs', ['run', ...reporters, ...args]);
  return countsOf(existsSync(results) ? readFileSync(results, 'utf8') : undefined, status);
}

/**
 * The counts in vitest's JSON report.
 * @param status - vitest's exit code: when it tells of a failure that no test does, one is added
 */
export function countsOf(report: string | undefined, status: number): Counts {
  const parsed =
    report === undefined ? {} : (JSON.parse(report) as { numPassedTests?: number; numFailedTests?: number });
  const { numPassedTests = 0, numFailedTests = 0 } = parsed;
  return { passed: numPassedTests, failed: status === 0 ? numFailedTests : Math.max(numFailedTests, 1) };
}

function main(args: readonly string[]): number {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help);
    return 0;
  }
  const failedChecks = args.length > 0 ? 0 : checks.filter((check) => !passes(check)).length;
  const { passed, failed } = runTests(args);
  console.log(`\n${passed} passed, ${failed + failedChecks} failed`);
  return failed + failedChecks === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
