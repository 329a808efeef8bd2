import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { projectRoot } from '../../scripts/local/project-root.ts';
import type { RuntimeInfo } from '../../scripts/local/runtime-info.ts';
import { startRuntime } from '../../scripts/local/start-runtime.ts';
import { searchSavedState } from './saved-state.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The local runtime that this run of the integration tests has for itself. */
    runtime: RuntimeInfo;
  }
}

/**
 * Starts a local runtime of its own, in a folder beside the one of `npm start` that is removed afterwards, once what the
 * emulator saved there has been searched for the marked values that tests sent.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const parent = join(projectRoot, '.local');
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'integration-'));
  const runtime = await startRuntime({ directory, port: 0, log: (line) => console.log(`runtime ${line}`) });
  project.provide('runtime', runtime.info);
  return async () => {
    await runtime.stop();
    try {
      searchSavedState(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}
