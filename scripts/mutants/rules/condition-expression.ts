import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';
import type { ParsedModule } from '../parsed-module.ts';
import { keyName, walk } from '../syntax.ts';
import type { Rule } from './rule.ts';

/** True of every item and of its absence; it is put beside a condition so that the condition's placeholders stay in use. */
const always = 'attribute_exists(pk) OR attribute_not_exists(pk)';

const opening = '([{';
const closing = ')]}';

/** The parts of `a AND b` in the text of a literal, as offsets; what brackets hold and what BETWEEN joins stays whole. */
export function conjuncts(text: string): readonly { readonly start: number; readonly end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let depth = 0;
  let start = 0;
  let between = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (opening.includes(character)) depth += 1;
    if (closing.includes(character)) depth -= 1;
    if (depth !== 0) continue;
    if (text.startsWith(' BETWEEN ', at)) between = true;
    if (!text.startsWith(' AND ', at)) continue;
    if (between) {
      between = false;
      continue;
    }
    parts.push({ start, end: at });
    start = at + ' AND '.length;
  }
  return [...parts, { start, end: text.length }];
}

/** Where the value of a property comes from: the variables of the module that it names are followed. */
const sources = (module: ParsedModule, value: AnyNode): readonly AnyNode[] => {
  const names = new Set<string>();
  walk(value, (node) => {
    if (node.type === 'Identifier') names.add(node.name);
  });
  const found: AnyNode[] = [value];
  walk(module.program, (node) => {
    if (node.type !== 'VariableDeclarator' || node.id.type !== 'Identifier') return;
    if (names.has(node.id.name) && node.init) found.push(node.init);
  });
  return found;
};

const isText = (node: AnyNode): boolean =>
  node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');

/** A condition names an attribute and compares it or calls a function of DynamoDB's. */
const isCondition = (text: string): boolean =>
  /attribute_(?:not_)?exists|(?:[<>=]|<>)\s*[:#$]|BETWEEN|begins_with|contains\s*\(/.test(text);

/** Makes each DynamoDB condition true, as a whole and one conjunct at a time. */
export const conditionExpression: Rule = (module) => {
  const found: Mutation[] = [];
  walk(module.program, (node) => {
    if (keyName(node) !== 'ConditionExpression' || node.type !== 'Property') return;
    const { start, end } = node.value;
    const value = module.source.slice(start, end);
    const replacement = `${node.shorthand ? 'ConditionExpression: ' : ''}((condition) => condition && \`${always} OR (\${condition})\`)(${value})`;
    found.push({ rule: 'condition', start, end, replacement });
    for (const source of sources(module, node.value)) {
      walk(source, (text, ancestors) => {
        if (!isText(text) || ancestors.some(isText)) return;
        const inner = module.source.slice(text.start + 1, text.end - 1);
        const parts = conjuncts(inner);
        const joined = ancestors.some(
          ({ type }) => type === 'ArrayExpression' || type === 'BinaryExpression',
        );
        if ((parts.length === 1 && !joined) || !isCondition(inner)) return;
        for (const part of parts) {
          const from = text.start + 1 + part.start;
          const until = text.start + 1 + part.end;
          const conjunct = module.source.slice(from, until);
          if (!isCondition(conjunct)) continue;
          found.push({
            rule: 'condition',
            start: from,
            end: until,
            replacement: `(${always} OR ${conjunct})`,
          });
        }
      });
    }
  });
  return found;
};
