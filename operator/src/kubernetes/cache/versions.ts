/**
 * Resource versions of one resource are decimal integers in one order (guaranteed since Kubernetes 1.35, KEP-5504; etcd revisions before). Negative when `one` is
 * older. Compared by length and text, since they may pass 2^53.
 */
export const compareVersions = (one: string, other: string): number =>
  one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
