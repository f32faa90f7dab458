/**
 * Every module of the platform and what it depends on: each starts after these and stops before them. Consumers and answers on the bus are
 * registered before the relay publishes; shards report over HTTP, so they leave before the server does; the platform is announced last.
 */
export const modules = {
  storage: [],
  bus: ['storage'],
  jobs: ['storage', 'bus'],
  http: ['jobs'],
  'local-executor': ['jobs', 'http'],
  relay: ['jobs', 'local-executor'],
  announcement: ['relay', 'http'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ModuleName = keyof typeof modules;
