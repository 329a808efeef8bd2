interface Node {
  readonly [keyword: string]: unknown;
}

const has = (node: Node, keyword: string): boolean => node[keyword] !== undefined;

const ownEnds = (node: Node): string[] => {
  switch (node.type) {
    case 'string':
      return has(node, 'maxLength') ? [] : ['has no maxLength'];
    case 'number':
    case 'integer':
      return has(node, 'minimum') && has(node, 'maximum') ? [] : ['has no bounds'];
    case 'array':
      return [
        ...(has(node, 'maxItems') ? [] : ['has no maxItems']),
        ...(has(node, 'items') ? [] : ['has no items']),
      ];
    case 'object':
      return node.additionalProperties === false || has(node, 'oneOf') ? [] : ['is open'];
    case 'boolean':
    case 'null':
      return [];
    default:
      return has(node, 'oneOf') ? [] : ['has no single type'];
  }
};

/**
 * Where a JSON Schema accepts values without end: strings, arrays, numbers without bounds, objects with unknown
 * properties, values of any type.
 */
export const openEnds = (schema: object, path = '#'): readonly string[] => {
  const node = schema as Node;
  if (has(node, 'enum') || has(node, 'const')) return [];
  const inherits = node.type === 'object' ? { type: 'object' } : {};
  return [
    ...ownEnds(node).map((end) => `${path} ${end}`),
    ...Object.entries((node.properties as object | undefined) ?? {}).flatMap(([name, inner]) =>
      openEnds(inner as object, `${path}/${name}`),
    ),
    ...(has(node, 'items') ? openEnds(node.items as object, `${path}/items`) : []),
    ...((node.oneOf as readonly object[] | undefined) ?? []).flatMap((inner, position) =>
      openEnds({ ...inherits, ...inner }, `${path}/oneOf/${position}`),
    ),
  ];
};
