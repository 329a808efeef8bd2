import type { AnyNode } from 'acorn';
import type { Mutation } from '../mutant.ts';
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

const isText = (node: AnyNode): boolean =>
  node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');

/** A condition asks whether an attribute exists, or compares it with a placeholder. */
const isCondition = (text: string): boolean =>
  /attribute_(?:not_)?exists|attribute_type|\b(?:begins_with|contains)\s*\(|(?:[<>=]|<>)\s*[:#]\w|BETWEEN/.test(
    text,
  );

/** Texts of DynamoDB that are not a condition. */
const isOther = (text: string): boolean => /^\s*(?:SET|ADD|REMOVE|DELETE)\b/.test(text);
const otherKeys = new Set(['KeyConditionExpression', 'UpdateExpression', 'ProjectionExpression']);

/** Makes each DynamoDB condition true, as a whole and one conjunct at a time. */
export const conditionExpression: Rule = (module) => {
  const found: Mutation[] = [];
  walk(module.program, (node, ancestors) => {
    if (node.type === 'Property' && keyName(node) === 'ConditionExpression') {
      const { start, end } = node.value;
      const value = module.source.slice(start, end);
      const name = node.shorthand ? 'ConditionExpression: ' : '';
      const replacement = `${name}((condition) => condition && \`${always} OR (\${condition})\`)(${value})`;
      found.push({ rule: 'condition', start, end, replacement });
    }
    if (!module.path.includes('/ports/') || !isText(node) || ancestors.some(isText)) return;
    if (ancestors.some((around) => otherKeys.has(keyName(around) ?? ''))) return;
    const text = module.source.slice(node.start + 1, node.end - 1);
    if (isOther(text)) return;
    for (const part of conjuncts(text)) {
      const conjunct = text.slice(part.start, part.end);
      if (!isCondition(conjunct)) continue;
      const [start, end] = [node.start + 1 + part.start, node.start + 1 + part.end];
      found.push({ rule: 'condition', start, end, replacement: `(${always} OR ${conjunct})` });
    }
  });
  return found;
};
