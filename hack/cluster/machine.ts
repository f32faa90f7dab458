// What a node changes of the machine, and how that is taken back.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { serviceRange } from '../../packages/testing/src/kubernetes/commands.ts';
import { dnsAddress, interfaceName, nodeAddress, type Layout } from './layout.ts';

/** Pods talk to each other through the machine; the kubelet sets the others itself. */
const settings = ['net/ipv4/ip_forward', 'vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops'];

const pathOf = (setting: string): string => `/proc/sys/${setting}`;

/** Writes down what the settings were, so that `restoreSettings` can put them back, and lets the machine forward packets. */
export const changeSettings = (layout: Layout): void => {
  const kept = layout.file('settings.json');
  if (!existsSync(kept)) {
    const now = settings.map((setting) => [setting, readFileSync(pathOf(setting), 'utf8').trim()]);
    writeFileSync(kept, JSON.stringify(Object.fromEntries(now)));
  }
  writeFileSync(pathOf('net/ipv4/ip_forward'), '1');
};

export const restoreSettings = (layout: Layout): void => {
  const kept = layout.file('settings.json');
  if (!existsSync(kept)) return;
  const before = JSON.parse(readFileSync(kept, 'utf8')) as Readonly<Record<string, string>>;
  for (const [setting, value] of Object.entries(before)) {
    if (readFileSync(pathOf(setting), 'utf8').trim() !== value) writeFileSync(pathOf(setting), value);
  }
};

const ip = (...words: readonly string[]): void =>
  void execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });

export const hasNetwork = (): boolean => existsSync(`/sys/class/net/${interfaceName}`);

/** A bridge without ports: a place for addresses of this machine, and where packets to services are sent for kube-proxy to turn round. */
export const makeNetwork = (): void => {
  if (hasNetwork()) return;
  ip('link', 'add', interfaceName, 'type', 'bridge');
  for (const address of [nodeAddress, dnsAddress]) ip('address', 'add', `${address}/32`, 'dev', interfaceName);
  ip('link', 'set', interfaceName, 'up');
  ip('route', 'add', serviceRange, 'dev', interfaceName, 'src', nodeAddress);
};

/** Removes what `makeNetwork` made and the rules of kube-proxy. Idempotent. */
export const removeNetwork = (): void => {
  if (hasNetwork()) ip('link', 'delete', interfaceName);
  for (const family of ['ip', 'ip6']) {
    // There is no such table where kube-proxy has not run.
    spawnSync('nft', ['delete', 'table', family, 'kube-proxy'], { stdio: 'ignore' });
  }
};
