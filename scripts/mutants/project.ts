import type { AnyNode, CallExpression } from 'acorn';
import { type ParsedModule, returnsBoolean, returnsNever } from './parsed-module.ts';
import { calledMember, calledName, type FunctionNode, isFunction } from './syntax.ts';

/** The modules that mutants are sought in, by path. */
export type Project = ReadonlyMap<string, ParsedModule>;

/** A function and the module that declares it. */
export interface DeclaredFunction {
  readonly module: ParsedModule;
  readonly node: FunctionNode;
}

/** The project's own function that a plain call reaches; undefined for packages, parameters and members. */
export function calledFunction(
  project: Project,
  module: ParsedModule,
  call: CallExpression,
): DeclaredFunction | undefined {
  const name = calledName(call);
  if (name === undefined) return undefined;
  const own = module.functions.get(name);
  if (own) return { module, node: own };
  const imported = module.imports.get(name);
  const home = imported && project.get(imported.from);
  const node = home?.functions.get(imported?.name ?? '');
  return home && node ? { module: home, node } : undefined;
}

/** Whether a module does cryptography itself. */
export const isCryptographic = (module: ParsedModule): boolean => module.dependencies.has('node:crypto');

/** Whether a module is domain code that does cryptography, itself or through the modules that it uses. */
export const isCryptographicDomain = (
  project: Project,
  module: ParsedModule,
  visited: Set<string> = new Set(),
): boolean => {
  if (!module.path.includes('/domain/') || visited.has(module.path)) return false;
  visited.add(module.path);
  if (isCryptographic(module)) return true;
  return [...module.dependencies].some((path) => {
    const used = project.get(path);
    return used !== undefined && isCryptographicDomain(project, used, visited);
  });
};

/** The name that `node:crypto` gives to the function that a plain call reaches. */
export const cryptographicName = (module: ParsedModule, call: CallExpression): string | undefined => {
  const imported = module.imports.get(calledName(call) ?? '');
  return imported?.from === 'node:crypto' ? imported.name : undefined;
};

/** Whether a node is a call of the project's own function that is declared to return a boolean. */
export const isPredicateCall = (project: Project, module: ParsedModule, node: AnyNode): boolean => {
  if (node.type !== 'CallExpression') return false;
  if (cryptographicName(module, node) === 'timingSafeEqual') return true;
  const called = calledFunction(project, module, node);
  return called !== undefined && returnsBoolean(called.module, called.node);
};

/** Whether a node is a call of the project's own function that never returns. */
export const isNeverCall = (project: Project, module: ParsedModule, node: AnyNode): boolean => {
  if (node.type !== 'CallExpression') return false;
  const called = calledFunction(project, module, node);
  return called !== undefined && returnsNever(called.module, called.node);
};

/** Methods whose callback is a condition. */
const conditionalMethods = new Set([
  'filter',
  'find',
  'findLast',
  'findIndex',
  'findLastIndex',
  'some',
  'every',
]);

/** Methods that answer yes or no. */
const askingMethods = new Set([
  'includes',
  'has',
  'some',
  'every',
  'startsWith',
  'endsWith',
  'test',
  'hasOwn',
]);

const comparisons = new Set(['===', '!==', '==', '!=', '<', '>', '<=', '>=', 'in', 'instanceof']);

/** Whether an expression can only be true or false, as far as it shows. */
export const isCondition = (project: Project, module: ParsedModule, node: AnyNode): boolean => {
  if (node.type === 'BinaryExpression') return comparisons.has(node.operator);
  if (node.type === 'UnaryExpression') return node.operator === '!';
  if (node.type === 'Literal') return typeof node.value === 'boolean';
  if (node.type === 'LogicalExpression') {
    return isCondition(project, module, node.left) && isCondition(project, module, node.right);
  }
  if (node.type !== 'CallExpression') return false;
  return askingMethods.has(calledMember(node) ?? '') || isPredicateCall(project, module, node);
};

/** Whether a function's result is used as a condition: by its declared type or as the callback of `filter` and the like. */
export const isPredicate = (module: ParsedModule, node: AnyNode, parent: AnyNode | undefined): boolean =>
  isFunction(node) &&
  (returnsBoolean(module, node) ||
    (parent?.type === 'CallExpression' &&
      parent.arguments[0] === node &&
      parent.callee.type === 'MemberExpression' &&
      parent.callee.property.type === 'Identifier' &&
      conditionalMethods.has(parent.callee.property.name)));
