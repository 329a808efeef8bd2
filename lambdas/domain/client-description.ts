import { isIP } from 'node:net';

/** The address that API Gateway saw, if it is one. */
export const cleanAddress = (address: unknown): string =>
  typeof address === 'string' && isIP(address) > 0 ? address : 'unknown';

/**
 * The product tokens of a User-Agent header (RFC 9110 §10.1.5), six at most: what identifies software. Free text and
 * comments, in which anything could be, are dropped, and so are versions that could be numbers of a person.
 */
export const cleanUserAgent = (header: unknown): string =>
  typeof header === 'string'
    ? (
        header
          .slice(0, 512)
          .match(/\b[A-Za-z][A-Za-z._-]{0,23}\/[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}(?![\w.])/g) ?? []
      )
        .slice(0, 6)
        .join(' ')
    : '';

/** From where and by what software a request comes, as far as that tells one client from another. */
export interface ClientOrigin {
  /** An IPv4 /24 or an IPv6 /48, or `unknown`. */
  readonly network: string;
  /** The user agent's products with their major versions; nothing when it names none. */
  readonly agent: string;
}

/** What a part of an origin is compared by: one that is not known is never the same as another one. */
export const comparable = (part: string): string =>
  part === '' || part === 'unknown' ? 'incomparable' : part;

/** The eight groups of an IPv6 address, in the shortest form of each. */
const groupsOf = (address: string): string[] => {
  const { hostname } = new URL(`http://[${address.replace(/%.*/, '')}]`);
  const [before = '', after] = hostname.slice(1, -1).split('::');
  const [left, right] = [before, after ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const first = left ?? [];
  const last = right ?? [];
  return [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
};

const networkOf = (address: string): string => {
  if (isIP(address) === 4) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(address) === 0) return 'unknown';
  const groups = groupsOf(address);
  const [high = '', low = ''] = groups.slice(6).map((group) => group.padStart(4, '0'));
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff')
    return networkOf([...Buffer.from(`${high}${low}`, 'hex')].join('.'));
  return `${groups.slice(0, 3).join(':')}::/48`;
};

/** The origin of a request, from its clean address and clean user agent. */
export const originOf = ({
  sourceAddress,
  userAgent,
}: {
  readonly sourceAddress: string;
  readonly userAgent: string;
}): ClientOrigin => ({
  network: networkOf(sourceAddress),
  agent: userAgent.replace(/(\/\d+)\.\S*/g, '$1'),
});
