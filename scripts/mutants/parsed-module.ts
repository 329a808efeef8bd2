import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, posix } from 'node:path';
import { type Program, parse } from 'acorn';
import { type FunctionNode, isFunction, walk } from './syntax.ts';

/** What a name of a module stands for in the module that it comes from. */
export interface Import {
  /** The module's path from the root, or the package's name as written. */
  readonly from: string;
  readonly name: string;
}

/** A module's text and its syntax tree; the positions in the tree are positions in the text. */
export interface ParsedModule {
  /** From the root, with `/`. */
  readonly path: string;
  readonly source: string;
  readonly program: Program;
  /** By local name. */
  readonly imports: ReadonlyMap<string, Import>;
  /** Every module that it names, type-only imports excepted. */
  readonly dependencies: ReadonlySet<string>;
  /** The functions bound to a name at the top of the module. */
  readonly functions: ReadonlyMap<string, FunctionNode>;
}

const resolve = (path: string, specifier: string): string =>
  specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;

/**
 * Parses TypeScript by blanking its types, which keeps every position.
 * @throws SyntaxError where the text is not valid
 */
export function parseModule(path: string, source: string): ParsedModule {
  const stripped = path.endsWith('ts') ? stripTypeScriptTypes(source) : source;
  if (stripped.length !== source.length) throw new Error(`positions moved while stripping types: ${path}`);
  const program = parse(stripped, { ecmaVersion: 'latest', sourceType: 'module', locations: false });
  const imports = new Map<string, Import>();
  const dependencies = new Set<string>();
  const functions = new Map<string, FunctionNode>();
  walk(program, (node) => {
    if (
      (node.type === 'ImportDeclaration' ||
        node.type === 'ExportNamedDeclaration' ||
        node.type === 'ExportAllDeclaration' ||
        node.type === 'ImportExpression') &&
      node.source?.type === 'Literal' &&
      typeof node.source.value === 'string'
    ) {
      dependencies.add(resolve(path, node.source.value));
    }
    if (node.type === 'ImportDeclaration') {
      const from = resolve(path, String(node.source.value));
      for (const specifier of node.specifiers) {
        const name =
          specifier.type === 'ImportSpecifier'
            ? specifier.imported.type === 'Identifier'
              ? specifier.imported.name
              : String(specifier.imported.value)
            : specifier.type === 'ImportDefaultSpecifier'
              ? 'default'
              : '*';
        imports.set(specifier.local.name, { from, name });
      }
    }
  });
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'FunctionDeclaration') functions.set(declaration.id.name, declaration);
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type === 'Identifier' && init && isFunction(init)) functions.set(id.name, init);
    }
  }
  return { path, source, program, imports, dependencies, functions };
}

/** Reads and parses a module of a tree. */
export const readModule = (root: string, path: string): ParsedModule =>
  parseModule(path, readFileSync(join(root, path), 'utf8'));

/** The text from a function's last parameter to its body, with the return type in it. */
const signatureEnd = ({ source }: ParsedModule, node: FunctionNode): string =>
  source.slice(node.params.at(-1)?.end ?? node.start, node.body.start);

/** Whether a function is declared to return a boolean or to be a type guard. */
export const returnsBoolean = (module: ParsedModule, node: FunctionNode): boolean =>
  /\)\s*:\s*(?:boolean|Promise<boolean>|\w+ is [^=]+?)\s*(?:=>)?\s*$/.test(signatureEnd(module, node));

/** Whether a function is declared never to return. */
export const returnsNever = (module: ParsedModule, node: FunctionNode): boolean =>
  /\)\s*:\s*(?:never|Promise<never>)\s*(?:=>)?\s*$/.test(signatureEnd(module, node));

/** The source of the type that a function is declared to return. */
export const returnType = (module: ParsedModule, node: FunctionNode): string =>
  /\)\s*:\s*([\s\S]*?)\s*(?:=>)?\s*$/.exec(signatureEnd(module, node))?.[1] ?? '';

/** The source of the type of each parameter, as far as it is annotated there. */
export const parameterTypes = ({ source }: ParsedModule, node: FunctionNode): readonly string[] =>
  node.params.map((parameter, index) => {
    const next = node.params[index + 1]?.start;
    const text = source.slice(parameter.end, next ?? node.body.start);
    const type = next === undefined ? text.replace(/\)(?:\s*:[\s\S]*?)?\s*(?:=>)?\s*$/, '') : text;
    return type
      .replace(/^\s*\??\s*:/, '')
      .replace(/[\s,]+$/, '')
      .trim();
  });
