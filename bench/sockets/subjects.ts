import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uwsRuntime } from '@simfleet/testing';
import { centrifugeVersion, type Programs } from './build-peer.ts';

/** A server to measure. */
export interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly protocol: 'raw' | 'centrifuge';
  /** Messages a second that its latency is measured at: what it carries without a queue. */
  readonly rate: number;
}

const here = (name: string): string => join(import.meta.dirname, 'servers', name);
const ourNode = [process.execPath, '--expose-gc', '--disable-warning=ExperimentalWarning'];

export interface Subjects {
  readonly oursOnWs: Subject;
  readonly ws: Subject;
  /** Null with a reason where uWebSockets.js is not installed. */
  readonly uws: { readonly ours: Subject; readonly bare: Subject } | { readonly missing: string };
  readonly centrifuge: Subject;
}

/** All of them; those for another Node are bundled first. `rates` in messages a second. */
export const subjectsOf = (
  { centrifuge }: Programs,
  rates: { readonly ws: number; readonly uws: number },
): Subjects & { readonly directory: string } => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-sockets-'));
  const runtime = uwsRuntime();
  const bundled = (name: string, main: string): Subject => {
    if ('missing' in runtime) throw new Error(runtime.missing);
    const file = join(directory, `${main}.cjs`);
    runtime.bundle(here(`${main}.ts`), file);
    const command = [runtime.node, '--expose-gc', file, join(runtime.module, 'src/uws.js')];
    return { name, command, protocol: 'raw', rate: rates.uws };
  };
  return {
    directory,
    oursOnWs: {
      name: 'ours on ws',
      command: [...ourNode, here('ours-ws-main.ts')],
      protocol: 'raw',
      rate: rates.ws,
    },
    ws: { name: 'bare ws', command: [...ourNode, here('bare-ws-main.ts')], protocol: 'raw', rate: rates.ws },
    uws:
      'missing' in runtime
        ? runtime
        : {
            ours: bundled('ours on uWebSockets', 'ours-uws-main'),
            bare: bundled('bare uWebSockets', 'bare-uws-main'),
          },
    centrifuge: { name: centrifugeVersion(), command: [centrifuge], protocol: 'centrifuge', rate: rates.uws },
  };
};
