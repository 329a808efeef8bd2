import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';
import type { ParsedModule } from '../parsed-module.ts';
import { calledFunction, isCryptographicDomain, type Project } from '../project.ts';
import { functionAround, keyName, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/**
 * Leaves out, one at a time, the elements of arrays: changes of a transaction, tags of a session, parts of what is hashed.
 * Domain code that does cryptography loses the members of objects too, the values in templates, and the arguments of
 * functions that take any number of them: so every part of what is digested, authenticated or bound as associated data is
 * shown to count. What an error says of itself is for the debugger only.
 */
export const part: Rule = (module, project) => {
  const cryptographic = isCryptographicDomain(project, module);
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (!functionAround(ancestors)) return;
    if (node.type === 'TemplateLiteral' && cryptographic) {
      if (ancestors.at(-1)?.type === 'NewExpression') return;
      for (const { start, end } of node.expressions)
        found.push({ rule: 'part', start, end, replacement: `''` });
      return;
    }
    if (isPair(node, ancestors.at(-1))) return;
    for (const member of members(module, project, node, cryptographic)) {
      found.push({ rule: 'part', ...withComma(module, member), replacement: '' });
    }
  });
  return found;
};

/** Whether an array is what a callback makes of one element, such as a name and its value. */
const isPair = (node: AnyNode, parent: AnyNode | undefined): boolean =>
  node.type === 'ArrayExpression' &&
  node.elements.length === 2 &&
  parent?.type === 'ArrowFunctionExpression' &&
  parent.body === node;

const members = (
  module: ParsedModule,
  project: Project,
  node: AnyNode,
  cryptographic: boolean,
): readonly AnyNode[] => {
  if (node.type === 'ArrayExpression') return node.elements.filter((element) => element !== null);
  if (!cryptographic) return [];
  if (node.type === 'ObjectExpression')
    return node.properties.filter((member) => keyName(member) !== 'cause');
  if (node.type !== 'CallExpression') return [];
  const parameters = calledFunction(project, module, node)?.node.params ?? [];
  return parameters.at(-1)?.type === 'RestElement' ? node.arguments.slice(parameters.length - 1) : [];
};

/** The range of a member of a list, with the comma after it. */
export const withComma = (
  { source }: ParsedModule,
  { start, end }: AnyNode,
): { readonly start: number; readonly end: number } => ({
  start,
  end: end + (/^\s*,/.exec(source.slice(end))?.[0].length ?? 0),
});
