import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';
import type { ParsedModule } from '../parsed-module.ts';
import { calledFunction, isCryptographicDomain, type Project } from '../project.ts';
import { functionAround, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/**
 * Leaves out, one at a time, what domain code that does cryptography puts together: elements of an array, members of an
 * object, values in a template, and the arguments of a function that takes any number of them. So every part of what is
 * digested, authenticated or bound as associated data is shown to count.
 */
export const part: Rule = (module, project) => {
  if (!isCryptographicDomain(project, module)) return [];
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (!functionAround(ancestors)) return;
    if (node.type === 'TemplateLiteral') {
      for (const { start, end } of node.expressions)
        found.push({ rule: 'part', start, end, replacement: `''` });
      return;
    }
    for (const { start, end } of members(module, project, node)) {
      const comma = /^\s*,/.exec(module.source.slice(end))?.[0].length ?? 0;
      found.push({ rule: 'part', start, end: end + comma, replacement: '' });
    }
  });
  return found;
};

const members = (module: ParsedModule, project: Project, node: AnyNode): readonly AnyNode[] => {
  if (node.type === 'ArrayExpression') return node.elements.filter((element) => element !== null);
  if (node.type === 'ObjectExpression') return node.properties;
  if (node.type !== 'CallExpression') return [];
  const parameters = calledFunction(project, module, node)?.node.params ?? [];
  return parameters.at(-1)?.type === 'RestElement' ? node.arguments.slice(parameters.length - 1) : [];
};
