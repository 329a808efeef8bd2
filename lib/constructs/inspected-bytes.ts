/** The most of a body that the WAF can read, and so the most that it lets pass (docs: the edge's decision record). */
export const inspectedBytes = 64 * 1024;
