/** Where a module stands among the others. */
interface Place {
  /** What it cannot do without: there whenever it is, started before it. */
  readonly needs: readonly string[];
  /** What starts before it, where both are in one process. */
  readonly after: readonly string[];
}

/**
 * Every module of the platform: each starts after these and stops before them. Consumers and answers on the bus are registered before the relay
 * publishes; shards report over HTTP, so they leave before the server does; the platform is announced last.
 */
export const modules = {
  storage: { needs: [], after: [] },
  bus: { needs: [], after: ['storage'] },
  leases: { needs: ['storage'], after: [] },
  limits: { needs: [], after: [] },
  jobs: { needs: ['storage', 'bus', 'leases', 'limits'], after: [] },
  http: { needs: ['storage', 'leases'], after: ['limits', 'jobs'] },
  sockets: { needs: ['jobs', 'http'], after: [] },
  'local-executor': { needs: ['storage', 'bus', 'leases'], after: ['jobs', 'http'] },
  relay: { needs: ['storage', 'bus', 'leases'], after: ['jobs', 'local-executor'] },
  announcement: { needs: ['http', 'relay'], after: ['jobs', 'sockets', 'local-executor'] },
} as const satisfies Readonly<Record<string, Place>>;

export type ModuleName = keyof typeof modules;

/** What a process can be: the modules that it is for. What those need comes with them, and every process announces itself. */
export const targets = {
  all: ['jobs', 'sockets', 'local-executor'],
  jobs: ['jobs', 'sockets'],
  'local-executor': ['local-executor'],
} as const satisfies Readonly<Record<string, readonly ModuleName[]>>;

export type Target = keyof typeof targets;

/** The modules of a process with these targets. */
export const modulesOf = (wanted: readonly Target[]): ReadonlySet<ModuleName> => {
  const found = new Set<ModuleName>();
  const add = (name: ModuleName): void => {
    if (found.has(name)) return;
    found.add(name);
    modules[name].needs.forEach(add);
  };
  wanted.flatMap((target) => targets[target]).forEach(add);
  add('announcement');
  return found;
};

/** What the module starts after, in a process of these modules. */
export const dependenciesOf = (name: ModuleName, present: ReadonlySet<ModuleName>): readonly ModuleName[] => {
  const { needs, after } = modules[name];
  return [...needs, ...after].filter((each) => present.has(each));
};
