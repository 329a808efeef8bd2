import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RuntimeInfo } from '../../scripts/local/runtime-info.ts';
import { everyFile } from './everything-kept.ts';
import { findMarks } from './find-marks.ts';

/** The folder with everything that a runtime keeps on disk. */
export const runtimeDirectory = ({ caCertificate }: Pick<RuntimeInfo, 'caCertificate'>): string =>
  dirname(dirname(caCertificate));

const fileBeside = (directory: string): string => `${directory}.marks.json`;

/** Leaves word of the marked values that were sent, for the search after the emulator has saved its state. */
export const rememberMarks = (directory: string, marks: ReadonlyMap<string, string>): void =>
  writeFileSync(fileBeside(directory), JSON.stringify([...marks]), { mode: 0o600 });

/**
 * Searches what a stopped runtime keeps on disk for the marked values that tests have sent; the emulator saves its
 * state when it stops, so this comes after every test.
 * @throws Error naming each find
 */
export const searchSavedState = (directory: string): void => {
  const file = fileBeside(directory);
  if (!existsSync(file)) return;
  const since = statSync(file).mtime;
  const marks = new Map(JSON.parse(readFileSync(file, 'utf8')) as [string, string][]);
  rmSync(file);
  const pieces = everyFile(directory, since);
  if (!pieces.some(({ place }) => /^file state\/dynamodb/.test(place)))
    throw new Error('the emulator saved no state, so it could not be searched');
  const found = findMarks(pieces, marks);
  if (found.length > 0) throw new Error(`marked values were saved: ${found.join('; ')}`);
  console.log(`searched ${pieces.length} saved files for ${marks.size} marked values: none found`);
};
