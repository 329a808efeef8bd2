import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** Asks for test files to be run, after some modules have changed. */
export interface TestRequest {
  readonly changed: readonly string[];
  readonly tests: readonly string[];
}

/** The first test that failed. */
export interface TestFailure {
  readonly test: string;
  /** Empty when the file could not be loaded. */
  readonly name: string;
  readonly message: string;
}

/** What the test process says. */
export type TestReply =
  | { readonly kind: 'ready'; readonly tests: readonly string[] }
  | {
      readonly kind: 'ran';
      readonly times: { readonly [test: string]: number };
      readonly failure?: TestFailure;
    }
  | { readonly kind: 'broken'; readonly message: string };

/** How a run of test files ended; a run that takes too long is stopped. */
export type TestRun = Extract<TestReply, { kind: 'ran' }> | { readonly kind: 'late' };

/** Runs test files in one copy of the work tree. */
export interface TestRunner {
  readonly tests: () => Promise<readonly string[]>;
  readonly run: (request: TestRequest, limit: number) => Promise<TestRun>;
  readonly stop: () => void;
}

const startLimit = 120_000;

/** Ends a process and all that it started. */
const end = (child: ChildProcess): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
};

const nextReply = (child: ChildProcess, limit: number): Promise<TestReply | undefined> =>
  new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      then();
    };
    const timer = setTimeout(() => settle(() => resolve(undefined)), limit);
    child.once('message', (reply: TestReply) => settle(() => resolve(reply)));
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code) =>
      settle(() => reject(new Error(`the test process ended with code ${code}\n${outputOf(child)}`))),
    );
  });

const outputs = new WeakMap<ChildProcess, string>();
const outputOf = (child: ChildProcess): string => outputs.get(child) ?? '';

/**
 * Starts Vitest on demand in a process of its own, and again after it had to be stopped.
 * @param project - the Vitest project whose tests are run; all when empty
 * @param environment - variables that the tests get
 */
export function testRunner(root: string, project: string, environment: NodeJS.ProcessEnv): TestRunner {
  let running: { readonly child: ChildProcess; readonly tests: readonly string[] } | undefined;

  const started = async (): Promise<NonNullable<typeof running>> => {
    if (running) return running;
    const child = fork(join(import.meta.dirname, 'test-process.ts'), [root, project], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment, NODE_ENV: 'test' },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => outputs.set(child, (outputOf(child) + data).slice(-4000)));
    }
    const reply = await nextReply(child, startLimit);
    if (reply?.kind !== 'ready') {
      end(child);
      throw new Error(`the tests could not be started\n${outputOf(child)}`);
    }
    running = { child, tests: reply.tests };
    return running;
  };

  const stop = (): void => {
    if (running) end(running.child);
    running = undefined;
  };

  return {
    tests: async () => (await started()).tests,
    run: async (request, limit) => {
      const { child } = await started();
      child.send(request);
      const reply = await nextReply(child, limit);
      if (reply?.kind === 'ran') return reply;
      stop();
      if (reply?.kind === 'broken') throw new Error(reply.message);
      return { kind: 'late' };
    },
    stop,
  };
}
