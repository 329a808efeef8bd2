import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';
import type { ParsedModule } from '../parsed-module.ts';
import { isNeverCall, type Project } from '../project.ts';
import { awaited, walk } from '../syntax.ts';
import { bendBothWays, bendCondition } from './bend-condition.ts';
import type { Rule } from './rule.ts';

/** Whether a value stands for "no": a literal, `undefined`, something empty, or an object that states a literal. */
const isRefusedValue = (
  module: ParsedModule,
  project: Project,
  node: AnyNode | null | undefined,
): boolean => {
  if (!node) return true;
  if (node.type === 'Literal') return true;
  if (node.type === 'Identifier') return node.name === 'undefined';
  if (node.type === 'ArrayExpression') return node.elements.length === 0;
  if (node.type === 'ObjectExpression') {
    return (
      node.properties.length === 0 ||
      node.properties.some((property) => property.type === 'Property' && property.value.type === 'Literal')
    );
  }
  return isNeverCall(project, module, awaited(node));
};

const throws = (module: ParsedModule, project: Project, node: AnyNode | null | undefined): boolean => {
  if (node?.type === 'BlockStatement') return throws(module, project, node.body.at(-1));
  if (node?.type === 'ThrowStatement') return true;
  return node?.type === 'ExpressionStatement' && isNeverCall(project, module, awaited(node.expression));
};

const refuses = (module: ParsedModule, project: Project, node: AnyNode | null | undefined): boolean => {
  if (node?.type === 'BlockStatement') return refuses(module, project, node.body.at(-1));
  if (node?.type === 'ReturnStatement') return isRefusedValue(module, project, node.argument);
  return node?.type === 'ContinueStatement' || throws(module, project, node);
};

/** The statement after a node in its block. */
const following = (node: AnyNode, parent: AnyNode | undefined): AnyNode | undefined => {
  if (parent?.type !== 'BlockStatement') return undefined;
  const statements: readonly AnyNode[] = parent.body;
  return statements[statements.indexOf(node) + 1];
};

/**
 * Keeps each guard from firing: `if (…) throw`, `if (…) return <refusal>`, `… ? value : <refusal>` and `… ?? refuse()`.
 * In `domain/`, every condition is pushed both ways.
 */
export const guard: Rule = (module, project) => {
  const found: Mutation[] = [];
  const decides = module.path.includes('/domain/');
  walk(module.program, (node, ancestors) => {
    if (node.type === 'IfStatement') {
      if (decides) found.push(...bendBothWays('guard', node.test));
      if (refuses(module, project, node.consequent)) found.push(...bendCondition('guard', node.test, false));
      const otherwise = node.alternate ?? following(node, ancestors.at(-1));
      if (throws(module, project, otherwise)) found.push(...bendCondition('guard', node.test, true));
    }
    if (node.type === 'ConditionalExpression') {
      if (decides) found.push(...bendBothWays('guard', node.test));
      const yes = isRefusedValue(module, project, node.consequent);
      const no = isRefusedValue(module, project, node.alternate);
      if (yes) found.push(...bendCondition('guard', node.test, false));
      if (no) found.push(...bendCondition('guard', node.test, true));
    }
    if (
      node.type === 'LogicalExpression' &&
      node.operator === '??' &&
      isNeverCall(project, module, awaited(node.right))
    ) {
      found.push({ rule: 'guard', start: node.left.end, end: node.end, replacement: '' });
    }
  });
  return found;
};
