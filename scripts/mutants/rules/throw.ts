import type { Mutation } from '../mutant.ts';
import { walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/** Takes out each `throw` that no `if` guards: in `catch`, in `default`, at the end of a function. */
export const unconditionalThrow: Rule = (module) => {
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (node.type !== 'ThrowStatement') return;
    const parent = ancestors.at(-1);
    const holder = parent?.type === 'BlockStatement' ? ancestors.at(-2) : parent;
    if (holder?.type === 'IfStatement') return;
    found.push({ rule: 'throw', start: node.start, end: node.end, replacement: ';' });
  });
  return found;
};
