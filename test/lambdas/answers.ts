/** The names of the security headers that an answer lacks (requirement D1). */
export const missingHeaders = (headers: { readonly [name: string]: string }): string[] => {
  const wanted = {
    'strict-transport-security': /^max-age=\d{8,}/,
    'cache-control': /^no-store$/,
    'x-content-type-options': /^nosniff$/,
    'content-security-policy': /^default-src 'none'; frame-ancestors 'none'$/,
    'referrer-policy': /^no-referrer$/,
    'x-request-id': /^[0-9a-f-]{36}$/,
  };
  return Object.entries(wanted).flatMap(([name, pattern]) =>
    pattern.test(headers[name] ?? '') ? [] : [name],
  );
};
