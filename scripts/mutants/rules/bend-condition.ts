import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';

/**
 * The smallest changes that push a condition towards a value: the conjuncts of `a && b` become `true` one at a time, the
 * alternatives of `a || b` become `false` one at a time, and anything else is replaced as a whole.
 */
export function bendCondition(rule: string, condition: AnyNode, towards: boolean): readonly Mutation[] {
  if (condition.type === 'UnaryExpression' && condition.operator === '!') {
    return bendCondition(rule, condition.argument, !towards);
  }
  const separable = towards ? '&&' : '||';
  if (condition.type === 'LogicalExpression' && condition.operator === separable) {
    return [condition.left, condition.right].flatMap((part) => bendCondition(rule, part, towards));
  }
  if (condition.type === 'Literal' && condition.value === towards) return [];
  return [{ rule, start: condition.start, end: condition.end, replacement: String(towards) }];
}

/** Pushes a condition both ways. */
export const bendBothWays = (rule: string, condition: AnyNode): readonly Mutation[] => [
  ...bendCondition(rule, condition, true),
  ...bendCondition(rule, condition, false),
];
