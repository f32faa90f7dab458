import type { Cluster } from './cluster.ts';

/** What a subject asked the API server so far, `verb path`, as far as it counts: leases and watches do not. */
export const countedRequests = ({ plane, user }: Cluster): readonly string[] =>
  plane
    .requests()
    .filter((request) => request.user === user && request.verb !== 'watch' && !request.uri.includes('/leases'))
    .map(({ verb, uri }) => `${verb} ${uri}`);
