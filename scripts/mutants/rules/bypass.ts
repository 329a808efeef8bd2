import type { Mutation } from '../mutant.ts';
import { parameterTypes, returnsBoolean, returnType } from '../parsed-module.ts';
import { calledFunction } from '../project.ts';
import { walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/** A type without what does not change its values: byte arrays are one type, and a mark such as `Verified<T>` is none. */
const plain = (type: string): string =>
  type
    .replaceAll(/\s*\|\s*undefined\b/g, '')
    .replace(/^(?:Promise|Verified|Readonly)<([\s\S]*)>$/, '$1')
    .replace(/^Buffer$/, 'Uint8Array')
    .trim();

/** Whether a function may be passed by: what goes in there could be taken for what comes out. */
const fits = (parameter: string, result: string): boolean =>
  parameter !== '' && (parameter === result || parameter === 'unknown' || result === 'unknown');

/**
 * Passes by each call of the project's own functions that could answer what it is given: a plain value is stored where a
 * sealed one belongs, an unverified one is taken for a verified one, all is disclosed instead of what is permitted.
 */
export const bypass: Rule = (module, project) => {
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (node.type !== 'CallExpression') return;
    const parent = ancestors.at(-1);
    const holder = parent?.type === 'AwaitExpression' ? ancestors.at(-2) : parent;
    if (holder?.type === 'ExpressionStatement') return;
    const called = calledFunction(project, module, node);
    if (!called || returnsBoolean(called.module, called.node)) return;
    const result = plain(returnType(called.module, called.node));
    const types = parameterTypes(called.module, called.node).map(plain);
    node.arguments.forEach((argument, index) => {
      if (argument.type === 'SpreadElement' || !fits(types[index] ?? '', result)) return;
      const text = module.source.slice(argument.start, argument.end);
      found.push({ rule: 'bypass', start: node.start, end: node.end, replacement: `(${text})` });
    });
  });
  return found;
};
