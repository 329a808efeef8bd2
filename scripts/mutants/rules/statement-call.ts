import type { Mutation } from '../mutant.ts';
import { calledFunction, isCryptographic, isNeverCall } from '../project.ts';
import { awaited, calledMember, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/**
 * Takes out each call that stands alone: of the project's own functions, awaited ones of a port, and, where a module does
 * cryptography, of a cipher or digest.
 */
export const statementCall: Rule = (module, project) => {
  const found: Mutation[] = [];
  walk(module.program, (node) => {
    if (node.type !== 'ExpressionStatement') return;
    const call = awaited(node.expression);
    if (call.type !== 'CallExpression' || isNeverCall(project, module, call)) return;
    const own = calledFunction(project, module, call) !== undefined;
    const member = calledMember(call) !== undefined;
    if (own || (member && (call !== node.expression || isCryptographic(module)))) {
      found.push({ rule: 'call', start: node.start, end: node.end, replacement: ';' });
    }
  });
  return found;
};
