import type { AnyNode } from 'acorn';
import { applyEdit, type Mutant, type Mutation } from './mutant.ts';
import { type ParsedModule, parseModule } from './parsed-module.ts';
import type { Project } from './project.ts';
import { rules } from './rules/index.ts';
import { isFunction, keyName, walk } from './syntax.ts';

const longest = 100;

const brief = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
};

/** What a function is called where it is written. */
const nameOf = (node: AnyNode, parent: AnyNode | undefined): string | undefined => {
  if (node.type === 'FunctionDeclaration') return node.id?.name;
  if (node.type === 'ClassDeclaration') return node.id?.name;
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') {
    return node.init && (isFunction(node.init) || parent?.type === 'VariableDeclaration')
      ? node.id.name
      : undefined;
  }
  if (node.type === 'Property' && isFunction(node.value)) return keyName(node);
  if (node.type === 'MethodDefinition' && node.key.type === 'Identifier') return node.key.name;
  return undefined;
};

/** The names around a position. */
function within(module: ParsedModule, { start, end }: Mutation): string {
  const names: string[] = [];
  walk(module.program, (node, ancestors) => {
    if (node.start > start || node.end < end) return;
    const name = nameOf(node, ancestors.at(-1));
    if (name !== undefined) names.push(name);
  });
  return names.join('.');
}

const parses = (module: ParsedModule, mutation: Mutation): boolean => {
  try {
    parseModule(module.path, applyEdit(module.source, mutation));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return false;
    throw error;
  }
};

const describe = (removed: string, replacement: string): string => {
  if (replacement === '' || replacement === ';') return `\`${removed}\` taken out`;
  return `\`${removed}\` → \`${brief(replacement)}\``;
};

/** Every mutant of a module, in order of position; one that would not parse is none. */
export function findMutants(module: ParsedModule, project: Project): readonly Mutant[] {
  const unique = new Map<string, Mutation>();
  for (const rule of rules) {
    for (const mutation of rule(module, project)) {
      const key = `${mutation.start}:${mutation.end}:${mutation.replacement}`;
      if (!unique.has(key)) unique.set(key, mutation);
    }
  }
  const seen = new Map<string, number>();
  return [...unique.values()]
    .filter((mutation) => parses(module, mutation))
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map((mutation) => {
      const removed = brief(module.source.slice(mutation.start, mutation.end));
      const change = describe(removed, mutation.replacement);
      const place = within(module, mutation);
      const key = `${place} ${mutation.rule} ${change}`;
      const occurrence = (seen.get(key) ?? 0) + 1;
      seen.set(key, occurrence);
      return {
        ...mutation,
        file: module.path,
        line: module.source.slice(0, mutation.start).split('\n').length,
        within: place,
        change,
        occurrence,
      };
    });
}
