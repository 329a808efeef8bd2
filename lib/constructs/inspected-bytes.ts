/** The most of a body that the WAF can read, and so the most that it lets pass (docs/adr/0010). */
export const inspectedBytes = 64 * 1024;
