/** Keeps one Vitest open in a copy of the work tree and runs test files in it on request; started by `test-runner.ts`. */
import { join, relative, sep } from 'node:path';
import { createVitest, type TestSpecification } from 'vitest/node';
import type { TestFailure, TestReply, TestRequest } from './test-runner.ts';

const [root = '', project = ''] = process.argv.slice(2);

const vitest = await createVitest({
  root,
  watch: false,
  bail: 1,
  reporters: [{}],
  maxWorkers: 1,
  fileParallelism: false,
  cache: false,
  coverage: { enabled: false },
  ...(project !== '' && { project: [project] }),
});
await vitest.standalone();

const specifications = new Map<string, TestSpecification>(
  (await vitest.globTestSpecifications()).map((specification) => [
    relative(root, specification.moduleId).split(sep).join('/'),
    specification,
  ]),
);

const failureOf = (errors: readonly { readonly message: string }[] | undefined): string =>
  errors?.[0]?.message.split('\n')[0]?.slice(0, 200) ?? '';

/** What failed in one test file, if anything did. */
const failureIn = async (
  test: string,
  specification: TestSpecification,
): Promise<TestFailure | undefined> => {
  // What failed before would count towards the bail, and be answered again.
  vitest.state.filesMap.clear();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  const module = testModules.find(({ moduleId }) => moduleId === specification.moduleId);
  if (!module) throw new Error(`${test} was not run`);
  for (const failed of module.children.allTests('failed')) {
    return { test, name: failed.fullName, message: failureOf(failed.result().errors) };
  }
  const errors = module.errors();
  if (errors.length > 0) return { test, name: '', message: failureOf(errors) };
  if (unhandledErrors.length > 0) return { test, name: '', message: 'an unhandled error' };
  if (module.state() !== 'passed') return { test, name: '', message: module.state() };
  return undefined;
};

/** Runs the files one after the other until one fails. */
const run = async (tests: readonly string[]): Promise<TestReply> => {
  const times: Record<string, number> = {};
  for (const test of tests) {
    const specification = specifications.get(test);
    if (!specification) continue;
    const started = performance.now();
    const failure = await failureIn(test, specification);
    times[test] = performance.now() - started;
    if (failure) return { kind: 'ran', times, failure };
  }
  return { kind: 'ran', times };
};

const reply = (message: TestReply): void => {
  process.send?.(message);
};

/** Has changed modules read again. */
const forget = (changed: readonly string[]): void => {
  for (const path of changed) vitest.invalidateFile(join(root, path));
};

process.on('message', ({ changed, tests }: TestRequest) => {
  forget(changed);
  run(tests)
    .finally(() => forget(changed))
    .then(reply, (error: unknown) =>
      reply({ kind: 'broken', message: error instanceof Error ? error.message : String(error) }),
    );
});
process.on('disconnect', () => process.exit());
reply({ kind: 'ready', tests: [...specifications.keys()].sort() });
