import type { Mutation } from '../mutant.ts';
import { cryptographicName, isCryptographic } from '../project.ts';
import { calledMember, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/** The links of a cipher's, digest's or signature's chain that may be left out with the chain still whole. */
const links = new Set(['setAAD', 'setAuthTag', 'update']);

/** Values that a module draws at random become constants. */
const constant = (name: string, size: string): string | undefined => {
  if (name === 'randomBytes') return `Buffer.alloc(${size})`;
  if (name === 'randomUUID') return `'00000000-0000-4000-8000-000000000000'`;
  if (name === 'randomInt') return '0';
  if (name === 'getRandomValues') return `(${size})`;
  return undefined;
};

/**
 * Weakens each use of `node:crypto`: associated data, tags, parts of a digest and the check of a cipher's end are left
 * out, keyed digests lose their key, and random values become constants.
 */
export const cryptography: Rule = (module) => {
  if (!isCryptographic(module)) return [];
  const found: Mutation[] = [];
  const add = (start: number, end: number, replacement: string): void => {
    found.push({ rule: 'cryptography', start, end, replacement });
  };
  walk(module.program, (node, ancestors) => {
    const parent = ancestors.at(-1);
    if (node.type === 'CallExpression') {
      const member = calledMember(node);
      const first = node.arguments[0];
      const text = first ? module.source.slice(first.start, first.end) : '';
      if (node.callee.type === 'MemberExpression' && member !== undefined) {
        const chained = parent?.type === 'MemberExpression' && parent.object === node;
        const stands = parent?.type === 'ExpressionStatement';
        if (links.has(member) && (chained || member !== 'update') && !stands) {
          add(node.callee.object.end, node.end, '');
        } else if (member === 'update' && !stands) {
          add(node.start, node.end, `Buffer.from(${text})`);
        }
        if (member === 'final') add(node.start, node.end, first ? `''` : 'Buffer.alloc(0)');
      }
      const name = cryptographicName(module, node);
      const fixed = name === undefined ? undefined : constant(name, text);
      if (fixed !== undefined) add(node.start, node.end, fixed);
      if (name === 'createHmac')
        add(node.start, node.end, `process.getBuiltinModule('node:crypto').createHash(${text})`);
    }
  });
  return found;
};
