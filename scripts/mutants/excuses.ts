import { readFileSync } from 'node:fs';
import type { Verdict } from './judge-mutants.ts';
import type { Mutant } from './mutant.ts';

/** Why a mutant may live: nothing that it changes can be seen from outside. */
export interface Excuse {
  readonly file: string;
  readonly within: string;
  readonly rule: string;
  readonly change: string;
  /** @default 1 */
  readonly occurrence?: number;
  /** In a sentence: why no test can notice. */
  readonly reason: string;
}

/** Reads the excuses.
 * @throws Error when one has no reason.
 */
export function readExcuses(path: string): readonly Excuse[] {
  const excuses = JSON.parse(readFileSync(path, 'utf8')) as readonly Excuse[];
  for (const { file, change, reason } of excuses) {
    if (typeof reason !== 'string' || reason.trim().length < 20) {
      throw new Error(`the excuse for ${file}: ${change} needs a reason`);
    }
  }
  return excuses;
}

/** Whether an excuse is for this mutant. */
export const excuses = (excuse: Excuse, mutant: Mutant): boolean =>
  excuse.file === mutant.file &&
  excuse.within === mutant.within &&
  excuse.rule === mutant.rule &&
  excuse.change === mutant.change &&
  (excuse.occurrence ?? 1) === mutant.occurrence;

/** The verdicts sorted by what follows from them. */
export interface Judgement {
  readonly killed: readonly Verdict[];
  readonly survived: readonly Verdict[];
  readonly excused: readonly Verdict[];
  /** Excuses that no mutant needs: it is gone, or it is killed. */
  readonly stale: readonly Excuse[];
}

/**
 * Holds verdicts against excuses.
 * @param mutants - every mutant there is, judged or not
 */
export function judgement(
  verdicts: readonly Verdict[],
  mutants: readonly Mutant[],
  excused: readonly Excuse[],
): Judgement {
  const isExcused = ({ mutant }: Verdict): boolean => excused.some((excuse) => excuses(excuse, mutant));
  const survived = verdicts.filter(({ outcome }) => outcome === 'survived');
  const killed = verdicts.filter(({ outcome }) => outcome === 'killed');
  return {
    killed,
    survived: survived.filter((verdict) => !isExcused(verdict)),
    excused: survived.filter(isExcused),
    stale: excused.filter(
      (excuse) =>
        !mutants.some((mutant) => excuses(excuse, mutant)) ||
        killed.some(({ mutant }) => excuses(excuse, mutant)),
    ),
  };
}
