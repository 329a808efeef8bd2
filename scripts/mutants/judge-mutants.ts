import { applyEdit, type Mutant } from './mutant.ts';
import { parseModule } from './parsed-module.ts';
import type { Project } from './project.ts';
import { label } from './report.ts';
import type { TestFailure, TestRunner } from './test-runner.ts';
import type { TreeCopy } from './tree-copy.ts';

/** What the tests made of a mutant. */
export interface Verdict {
  readonly mutant: Mutant;
  readonly outcome: 'killed' | 'survived';
  /** The test that noticed, or why none did. */
  readonly by: string;
  readonly seconds: number;
}

/** One copy of the work tree with tests running in it. */
export interface Bench {
  readonly copy: TreeCopy;
  readonly runner: TestRunner;
}

/** What judging needs to know of the tests. */
export interface TestPlan {
  /** The test files that a mutant is tried with, in their order. */
  readonly testsOf: (mutant: Mutant) => readonly string[];
  /** The time that a test file took with nothing mutated, in milliseconds. */
  readonly timeOf: (test: string) => number;
}

/** Milliseconds beyond its usual time that a test file is waited for. */
const slack = 10_000;

/** Does each piece of work on the first bench that is free. */
async function spread<W>(
  work: readonly W[],
  benches: readonly Bench[],
  act: (work: W, bench: Bench) => Promise<void>,
): Promise<void> {
  const pending = [...work].reverse();
  await Promise.all(
    benches.map(async (bench) => {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) await act(next, bench);
    }),
  );
}

/** How the tests do on the code as it is. */
export interface Baseline {
  readonly failures: readonly TestFailure[];
  readonly times: ReadonlyMap<string, number>;
}

const baselineLimit = 300_000;

/** Runs test files on the code as it is: they must pass, and the time that each takes sets the order and the limit. */
export async function baseline(tests: readonly string[], benches: readonly Bench[]): Promise<Baseline> {
  const failures: TestFailure[] = [];
  const times = new Map<string, number>();
  await spread(tests, benches, async (test, { runner }) => {
    const run = await runner.run({ changed: [], tests: [test] }, baselineLimit);
    if (run.kind === 'late') failures.push({ test, name: '', message: 'did not end in time' });
    else {
      times.set(test, run.times[test] ?? 0);
      if (run.failure) failures.push(run.failure);
    }
  });
  return { failures, times };
}

/** Tries each mutant with the tests that reach its module, and reports each verdict as it is known. */
export async function judgeMutants(
  mutants: readonly Mutant[],
  project: Project,
  benches: readonly Bench[],
  plan: TestPlan,
  report: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  await spread(mutants, benches, async (mutant, bench) => {
    const verdict = await judge(mutant, project, bench, plan);
    verdicts.push(verdict);
    report(verdict);
  });
  return verdicts;
}

/**
 * A module's text with the mutant in it.
 * @throws Error when that is no program: then a rule is wrong.
 */
const mutated = (mutant: Mutant, source: string): string => {
  const text = applyEdit(source, mutant);
  try {
    parseModule(mutant.file, text);
  } catch (cause) {
    throw new Error(`${label(mutant)} does not compile`, { cause });
  }
  return text;
};

async function judge(mutant: Mutant, project: Project, bench: Bench, plan: TestPlan): Promise<Verdict> {
  const started = performance.now();
  const verdict = (outcome: Verdict['outcome'], by: string): Verdict => ({
    mutant,
    outcome,
    by,
    seconds: (performance.now() - started) / 1000,
  });
  const tests = plan.testsOf(mutant);
  if (tests.length === 0) return verdict('survived', 'no test reaches this module');
  const source = project.get(mutant.file)?.source;
  if (source === undefined) throw new Error(`${mutant.file} is not a module of the project`);
  bench.copy.write(mutant.file, mutated(mutant, source));
  try {
    for (const test of tests) {
      const limit = slack + 5 * plan.timeOf(test);
      const run = await bench.runner.run({ changed: [mutant.file], tests: [test] }, limit);
      if (run.kind === 'late') return verdict('killed', `${test}: did not end`);
      if (run.failure) return verdict('killed', `${run.failure.test}: ${run.failure.name}`);
    }
    return verdict('survived', `${tests.length} test files passed`);
  } finally {
    bench.copy.write(mutant.file, source);
  }
}
