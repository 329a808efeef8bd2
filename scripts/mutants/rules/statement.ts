import type { Mutation } from '../mutant.ts';
import { calledFunction, isCryptographic, isNeverCall } from '../project.ts';
import { awaited, calledMember, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/**
 * Takes out each statement that acts: a call of the project's own functions, whatever is awaited, where a module does
 * cryptography a call of a cipher or digest, and in the chain and the operations what is set on an object.
 */
export const statement: Rule = (module, project) => {
  const found: Mutation[] = [];
  const chain = /\/(?:middleware|operations)\//.test(module.path);
  walk(module.program, (node) => {
    if (node.type !== 'ExpressionStatement') return;
    const { start, end, expression } = node;
    const takeOut = (): void => {
      found.push({ rule: 'statement', start, end, replacement: ';' });
    };
    if (expression.type === 'AssignmentExpression') {
      if (chain && expression.left.type === 'MemberExpression') takeOut();
      return;
    }
    const call = awaited(expression);
    if (isNeverCall(project, module, call)) return;
    if (expression.type === 'AwaitExpression') takeOut();
    else if (call.type === 'CallExpression') {
      const own = calledFunction(project, module, call) !== undefined;
      const member = calledMember(call) !== undefined;
      if (own || (member && isCryptographic(module))) takeOut();
    }
  });
  return found;
};
