import manifest from '../package.json' with { type: 'json' };

/** Version of the command and of the platform that comes with it. */
export const version: string = manifest.version;
