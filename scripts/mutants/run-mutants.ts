import { posix } from 'node:path';
import { excuses as isFor, judgement, readExcuses } from './excuses.ts';
import { findMutants } from './find-mutants.ts';
import { testsByModule } from './import-graph.ts';
import { baseline, judgeMutants, type TestPlan } from './judge-mutants.ts';
import { moduleFiles } from './module-files.ts';
import type { Mutant } from './mutant.ts';
import { readModule } from './parsed-module.ts';
import { label, progressLine, summary } from './report.ts';
import { type TestFailure, testRunner } from './test-runner.ts';
import { copyTree } from './tree-copy.ts';

/** Something that tests use and that need not be started for each. */
export interface Service {
  /** How the tests find it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly stop: () => Promise<void>;
}

/** What to mutate, and how to say what comes of it. */
export interface MutantRun {
  /** The folder of the repository. */
  readonly root: string;
  /** The Vitest project whose tests are run; all when empty. */
  readonly project: string;
  /** The file of excuses. */
  readonly excuses: string;
  /** Which mutants, by their label. */
  readonly selects: (mutant: Mutant) => boolean;
  /** Which test files, by path; the others count as not there. @default all */
  readonly usesTest?: (path: string) => boolean;
  readonly jobs: number;
  /** Starts what the tests of one copy share. @default nothing */
  readonly serve?: () => Promise<Service>;
  /** Only name the mutants. */
  readonly listOnly: boolean;
  readonly log: (line: string) => void;
}

/** Where a module's own test files are. */
const ownTests = (module: string): string => posix.join('test', module.replace(/\.ts$/, ''));

/** A module's own test file before the others, then the quick before the slow. */
const inOrder = (module: string, tests: readonly string[], timeOf: TestPlan['timeOf']): readonly string[] => {
  const own = ownTests(module);
  return [...tests].sort(
    (a, b) => Number(b.startsWith(own)) - Number(a.startsWith(own)) || timeOf(a) - timeOf(b),
  );
};

/** Says which tests fail, if any do. */
const logged = (failures: readonly TestFailure[], title: string, log: MutantRun['log']): boolean => {
  for (const { test, name, message } of failures) log(`${title}: ${test}: ${name}: ${message}`);
  return failures.length > 0;
};

/**
 * Finds the mutants of a work tree and tries each.
 * @returns whether every mutant that was tried is noticed or excused, and no excuse is stale.
 */
export async function runMutants({
  root,
  project,
  excuses,
  selects,
  usesTest = () => true,
  jobs,
  serve = async () => ({ environment: {}, stop: async () => {} }),
  listOnly,
  log,
}: MutantRun): Promise<boolean> {
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  const modules = new Map(moduleFiles(root).map((path) => [path, readModule(root, path)]));
  const mutants = [...modules.values()].flatMap((module) => findMutants(module, modules));
  const selected = mutants.filter(selects);
  if (listOnly) {
    for (const mutant of selected) log(label(mutant));
    log(`${selected.length} of ${mutants.length} mutants, in ${modules.size} modules`);
    return true;
  }
  log(`${selected.length} of ${mutants.length} mutants, in ${modules.size} modules (${seconds()} s)`);

  const services = await Promise.all(Array.from({ length: jobs }, serve));
  const benches = services.map(({ environment }) => {
    const copy = copyTree(root);
    return { copy, runner: testRunner(copy.root, project, environment) };
  });
  const cleanUp = (): void => {
    for (const { copy, runner } of benches) {
      runner.stop();
      copy.remove();
    }
  };
  process.once('exit', cleanUp);
  try {
    const found = (await Promise.all(benches.map(({ runner }) => runner.tests())))[0] ?? [];
    const tests = found.filter(usesTest);
    const reaching = testsByModule(root, tests, [...new Set(selected.map(({ file }) => file))]);
    const needed = [...new Set([...reaching.values()].flat())].sort();
    const { failures, times } = await baseline(needed, benches);
    if (logged(failures, 'fails unmutated', log)) return false;
    log(`${needed.length} test files pass unmutated (${seconds()} s)`);

    const timeOf = (test: string): number => times.get(test) ?? 0;
    const excused = readExcuses(excuses);
    const isExcused = (mutant: Mutant): boolean => excused.some((excuse) => isFor(excuse, mutant));
    const plan: TestPlan = {
      testsOf: (mutant) => {
        const ordered = inOrder(mutant.file, reaching.get(mutant.file) ?? [], timeOf);
        const own = ordered.filter((test) => test.startsWith(ownTests(mutant.file)));
        return isExcused(mutant) && own.length > 0 ? own : ordered;
      },
      timeOf,
    };
    let done = 0;
    const verdicts = await judgeMutants(selected, modules, benches, plan, (verdict) => {
      done += 1;
      log(progressLine(verdict, done, selected.length));
    });
    const after = await baseline(needed, benches);
    if (logged(after.failures, 'fails when all is put back', log)) return false;
    const judged = judgement(verdicts, mutants, excused);
    for (const line of summary(judged)) log(line);
    log(`${seconds()} s`);
    return judged.survived.length === 0 && judged.stale.length === 0;
  } finally {
    process.off('exit', cleanUp);
    cleanUp();
    await Promise.all(services.map(({ stop }) => stop()));
  }
}
