import type { Mutation } from '../mutant.ts';
import { isCondition, isPredicate, isPredicateCall } from '../project.ts';
import { functionAround, walk } from '../syntax.ts';
import { bendBothWays } from './bend-condition.ts';
import type { Rule } from './rule.ts';

/** Where a call is part of a condition that is pushed as a whole. */
const joining = new Set([
  'LogicalExpression',
  'UnaryExpression',
  'IfStatement',
  'ConditionalExpression',
  'ArrowFunctionExpression',
]);

/** Forces what each predicate answers, where it is written and where it is called. */
export const predicate: Rule = (module, project) => {
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (node.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement') {
      if (isPredicate(module, node, ancestors.at(-1)) || isCondition(project, module, node.body)) {
        found.push(...bendBothWays('predicate', node.body));
      }
    }
    if (node.type === 'ReturnStatement' && node.argument) {
      const around = functionAround(ancestors);
      const caller = around && ancestors[ancestors.indexOf(around) - 1];
      if ((around && isPredicate(module, around, caller)) || isCondition(project, module, node.argument)) {
        found.push(...bendBothWays('predicate', node.argument));
      }
    }
    if (isPredicateCall(project, module, node) && !joining.has(ancestors.at(-1)?.type ?? '')) {
      found.push(...bendBothWays('predicate', node));
    }
  });
  return found;
};
