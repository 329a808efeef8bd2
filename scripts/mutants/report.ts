import type { Judgement } from './excuses.ts';
import type { Verdict } from './judge-mutants.ts';
import type { Mutant } from './mutant.ts';

/** Where a mutant is, and what it takes away. */
export const label = ({ file, line, rule, within, change }: Mutant): string =>
  `${file}:${line} [${rule}] ${within === '' ? '' : `${within}: `}${change}`;

/** One line of progress. */
export const progressLine = ({ mutant, outcome, seconds }: Verdict, done: number, all: number): string =>
  `${String(done).padStart(String(all).length)}/${all} ${seconds.toFixed(1).padStart(5)} s  ${outcome.padEnd(8)}  ${label(mutant)}`;

const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

const byPlace = (a: Verdict, b: Verdict): number =>
  a.mutant.file.localeCompare(b.mutant.file) || a.mutant.start - b.mutant.start;

/** What is said at the end: the survivors, the stale excuses, the totals. */
export function summary({ killed, survived, excused, stale }: Judgement): readonly string[] {
  const survivors = [...survived]
    .sort(byPlace)
    .map(({ mutant, by }) => [
      `${mutant.file}:${mutant.line}`,
      mutant.rule,
      mutant.within,
      mutant.change,
      by,
    ]);
  return [
    ...(survivors.length > 0
      ? ['', 'Survivors', ...table([['where', 'rule', 'in', 'change', 'tests'], ...survivors])]
      : []),
    ...(stale.length > 0
      ? ['', 'Stale excuses', ...table(stale.map(({ file, within, change }) => [file, within, change]))]
      : []),
    '',
    `${killed.length} killed, ${survived.length} survived, ${excused.length} excused`,
  ];
}
