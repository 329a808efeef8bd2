import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';
import { calledName, keyName, walk } from '../syntax.ts';
import { withComma } from './part.ts';
import type { Rule } from './rule.ts';

/** Packages whose options are protections. */
const packages = new Set(['jose', 'node:crypto']);

/** What binds a key or a session of AWS to its use. */
const bindings = new Set(['EncryptionContext', 'Tags']);

/**
 * Leaves out, one at a time, the options of verifying and of ciphers, and the members of an encryption context or of session
 * tags.
 */
export const option: Rule = (module) => {
  const found: Mutation[] = [];
  const leaveOut = (node: AnyNode): void => {
    walk(node, (inner) => {
      if (inner.type !== 'ObjectExpression') return;
      for (const property of inner.properties) {
        found.push({ rule: 'option', ...withComma(module, property), replacement: '' });
      }
    });
  };
  walk(module.program, (node) => {
    if (node.type === 'CallExpression') {
      const from = module.imports.get(calledName(node) ?? '')?.from;
      if (from === undefined || !packages.has(from)) return;
      for (const argument of node.arguments) if (argument.type === 'ObjectExpression') leaveOut(argument);
    }
    if (node.type === 'Property' && bindings.has(keyName(node) ?? '')) {
      found.push({ rule: 'option', ...withComma(module, node), replacement: '' });
      if (node.value.type === 'ObjectExpression') leaveOut(node.value);
    }
  });
  return found;
};
