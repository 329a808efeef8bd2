import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { RuntimeInfo } from '../../scripts/local/runtime-info.ts';
import { startRuntime } from '../../scripts/local/start-runtime.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The local runtime that this run of the integration tests has for itself. */
    runtime: RuntimeInfo;
  }
}

/** Starts a local runtime of its own, in a folder that is removed afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'chartlock-integration-'));
  const runtime = await startRuntime({ directory, port: 0, log: (line) => console.log(`runtime ${line}`) });
  project.provide('runtime', runtime.info);
  return async () => {
    await runtime.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
