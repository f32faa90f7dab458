import { join } from 'node:path';
import { buildPeer, peerVersion } from './peer.ts';
import { startSubject, type Subject } from './subject.ts';

/** Rounds side by side, of every subject. */
const workers = '8';
const minimalMain = join(import.meta.dirname, 'minimal/main.ts');

const peerThat = (does: string, name: string, ...flags: readonly string[]): Subject => ({
  name,
  does,
  start: ({ kubeconfig }, scope, options) =>
    startSubject(
      scope,
      [buildPeer(), `--kubeconfig=${kubeconfig}`, `--workers=${workers}`, ...flags],
      (line) => line === 'ready',
      options,
    ),
});

export const peer = peerThat('one child, one status', `peer (${peerVersion()})`);

/** How fast the API server takes what our operator writes, where nothing else is done for it. */
export const sameWrites = peerThat(
  'finalizer, Secret, child, whole status, Event; no platform',
  'peer with our writes',
  '--writes=same',
);

export const minimal: Subject = {
  name: 'our runtime, the peer’s reconciler',
  does: 'one child, one status',
  start: ({ kubeconfig }, scope, options) =>
    startSubject(
      scope,
      ['node', minimalMain, '--kubeconfig', kubeconfig, '--workers', workers],
      (line) => line === 'ready',
      options,
    ),
};
