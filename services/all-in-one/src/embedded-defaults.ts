/** What the platform is on a laptop when nobody says otherwise: one process tree, one directory, reachable from this machine only. */
export const embeddedDefaults = {
  dataDir: '.simfleet',
  host: '127.0.0.1',
  port: 8080,
  storage: 'sqlite:',
  bus: 'memory:',
} as const;
