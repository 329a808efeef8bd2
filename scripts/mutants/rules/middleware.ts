import type { Mutation } from '../mutant.ts';
import { calledMember, keyName, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

const hooks = new Set(['before', 'after', 'onError']);

/** Takes each `.use(…)` out of a Middy chain, and each hook out of a middleware. */
export const middleware: Rule = (module) => {
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (node.type === 'CallExpression' && calledMember(node) === 'use') {
      const [list] = node.arguments;
      if (list?.type === 'ArrayExpression') {
        for (const element of list.elements) {
          if (element) found.push({ rule: 'middleware', ...range(element), replacement: '{ before() {} }' });
        }
      } else if (node.callee.type === 'MemberExpression') {
        found.push({ rule: 'middleware', start: node.callee.object.end, end: node.end, replacement: '' });
      }
    }
    const hook = keyName(node);
    if (
      hook !== undefined &&
      hooks.has(hook) &&
      module.path.includes('/middleware/') &&
      ancestors.at(-1)?.type === 'ObjectExpression'
    ) {
      found.push({ rule: 'middleware', ...range(node), replacement: `${hook}: () => undefined` });
    }
  });
  return found;
};

const range = ({ start, end }: { start: number; end: number }) => ({ start, end });
