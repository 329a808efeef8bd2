/** One replacement in the text of a module. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** What a rule proposes: an edit, and what it takes away in words. */
export interface Mutation extends Edit {
  /** The rule's name, such as `guard`. */
  readonly rule: string;
}

/** One protection taken out of one module. */
export interface Mutant extends Mutation {
  /** The module's path from the root, with `/`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The enclosing functions and members, such as `authenticate.before`; empty at the top of the module. */
  readonly within: string;
  /** What it changes on one line: ``'`a > b` → `false`'``. */
  readonly change: string;
  /** Tells equal changes within one function apart; counted from 1. */
  readonly occurrence: number;
}

/** The module's text with the edit applied. */
export const applyEdit = (source: string, { start, end, replacement }: Edit): string =>
  source.slice(0, start) + replacement + source.slice(end);
