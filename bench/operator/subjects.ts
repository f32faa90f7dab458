import { join } from 'node:path';
import { buildPeer, peerVersion } from './peer.ts';
import { startSubject, type Subject } from './subject.ts';

/** Rounds side by side, of every subject. */
const workers = '8';
const minimalMain = join(import.meta.dirname, 'minimal/main.ts');

export const peer: Subject = {
  name: `peer (${peerVersion()})`,
  does: 'one child, one status',
  start: ({ kubeconfig }, scope, options) =>
    startSubject(
      scope,
      [buildPeer(), `--kubeconfig=${kubeconfig}`, `--workers=${workers}`],
      (line) => line === 'ready',
      options,
    ),
};

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
