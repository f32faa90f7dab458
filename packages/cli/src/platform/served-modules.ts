/** Services that can run as processes of their own. */
export const servedModules = ['jobs', 'local-executor'] as const;
