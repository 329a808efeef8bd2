import { randomInt } from 'node:crypto';

const classes = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '-_.+='] as const;
const length = 24;

const pick = (from: string): string => from.charAt(randomInt(from.length));

/** A random password of 24 characters that has every class that a policy may ask for, and no characters that look alike. */
export const temporaryPassword = (): string => {
  const all = classes.join('');
  const characters = [
    ...classes.map(pick),
    ...Array.from({ length: length - classes.length }, () => pick(all)),
  ];
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    const swapped = characters[last] ?? '';
    characters[last] = characters[other] ?? '';
    characters[other] = swapped;
  }
  return characters.join('');
};
