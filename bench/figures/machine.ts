import { cpus, loadavg, platform, totalmem } from 'node:os';
import { versions } from 'node:process';

/** What the figures were taken on, and how busy it was: others' work shows as spread. */
export const machine = (): string =>
  [
    `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    platform(),
    `Node ${versions.node}`,
    `SQLite ${versions['sqlite'] ?? 'unknown'}`,
    `load ${loadavg()[0]?.toFixed(1) ?? 'unknown'} at the start`,
  ].join(', ');
