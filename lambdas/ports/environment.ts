/**
 * A function's variables, checked at its start.
 * @throws TypeError naming a missing variable.
 */
export const environmentOf = <const N extends string>(
  variables: NodeJS.ProcessEnv,
  names: readonly N[],
): { readonly [K in N]: string } => {
  const missing = names.filter((name) => !variables[name]);
  if (missing.length > 0) throw new TypeError(`the function lacks the variables ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, variables[name]])) as { [K in N]: string };
};
