/** Tells what the runtime is doing; each line carries the time since the start. */
export type Progress = (text: string) => void;

/**
 * Makes a progress reporter.
 * @param log - receives each finished line
 */
export function progress(log: (line: string) => void): Progress {
  const started = performance.now();
  return (text) => log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}
