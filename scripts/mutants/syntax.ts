import type { AnyNode, CallExpression, Node } from 'acorn';

/** A function in any of its three forms. */
export type FunctionNode = Extract<
  AnyNode,
  { type: 'ArrowFunctionExpression' | 'FunctionExpression' | 'FunctionDeclaration' }
>;

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The nodes directly within a node, in source order. */
export const childrenOf = (node: Node): readonly AnyNode[] =>
  Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]).filter(isNode));

/**
 * Visits a node and all within it, outermost first.
 * @param visit - gets each node with its ancestors, nearest last
 */
export function walk(
  node: AnyNode,
  visit: (node: AnyNode, ancestors: readonly AnyNode[]) => void,
  ancestors: readonly AnyNode[] = [],
): void {
  visit(node, ancestors);
  const inner = [...ancestors, node];
  for (const child of childrenOf(node)) walk(child, visit, inner);
}

/** Whether a node is a function. */
export const isFunction = (node: AnyNode | undefined): node is FunctionNode =>
  node?.type === 'ArrowFunctionExpression' ||
  node?.type === 'FunctionExpression' ||
  node?.type === 'FunctionDeclaration';

/** The nearest function around a node. */
export const functionAround = (ancestors: readonly AnyNode[]): FunctionNode | undefined =>
  ancestors.findLast(isFunction);

/** The name in a plain call such as `seal(x)`; undefined for a call of a member. */
export const calledName = (call: CallExpression): string | undefined =>
  call.callee.type === 'Identifier' ? call.callee.name : undefined;

/** The member's name in a call such as `cipher.setAAD(x)`. */
export const calledMember = (call: CallExpression): string | undefined =>
  call.callee.type === 'MemberExpression' && call.callee.property.type === 'Identifier'
    ? call.callee.property.name
    : undefined;

/** The name of a property's key, when it is written as a name or a string. */
export const keyName = (node: AnyNode): string | undefined => {
  if (node.type !== 'Property' || node.computed) return undefined;
  if (node.key.type === 'Identifier') return node.key.name;
  return node.key.type === 'Literal' && typeof node.key.value === 'string' ? node.key.value : undefined;
};

/** The expression without the `await` before it. */
export const awaited = (node: AnyNode): AnyNode => (node.type === 'AwaitExpression' ? node.argument : node);
