const declaration =
  /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?(?:^\/\/ biome-ignore .*\n)*^(?:export )(default\b|(?:declare |abstract |async )*(?:const|let|function\*?|class|type|interface) (\w+))/gm;
const list = /^export \{([^}]*)\};/gm;

const says = (comment: string | undefined): boolean => /\w/.test(comment ?? '');

const isDocumented = (source: string, name: string): boolean => {
  const own = new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\s*^(?:abstract |async )*(?:const|let|function\\*?|class|type|interface) ${name}\\b`,
    'm',
  ).exec(source);
  return says(own?.[1]);
};

/** The names that a module exports without a doc comment that says something. */
export const undocumentedExports = (source: string): readonly string[] => [
  ...[...source.matchAll(declaration)]
    .filter(([, comment]) => !says(comment))
    .map(([, , kind, name]) => name ?? (kind as string)),
  ...[...source.matchAll(list)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim().split(/\s/, 1)[0] as string)
    .filter((name) => name !== '' && !isDocumented(source, name)),
];
