import { readFileSync } from 'node:fs';

/** Version of the release, as the root of the repository and every package of it state it. */
export const readPlatformVersion = (): string => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return version;
};
