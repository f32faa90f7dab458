import { Counter, Gauge } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';
import type { WatchObserver } from './watching.ts';

/** Counts those who watch over sockets, for `/metrics`. */
export const measureWatching = (metrics: Metrics): WatchObserver => {
  const registers = [metrics];
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const watches = gauge('simfleet_live_watches', 'Watches of jobs over sockets: one for each client and job.');
  const followers = gauge('simfleet_live_followers', 'Jobs whose live log is read for watches over sockets.');
  const reads = counter('simfleet_live_catch_up_reads_total', 'Pages of history read for single watches.');
  const events = counter('simfleet_live_published_total', 'Pushes that were framed once for all watches of a job.');
  const deliveries = counter('simfleet_live_deliveries_total', 'Sockets that those pushes went to, in all.');
  return {
    watches: (change) => watches.inc(change),
    followers: (change) => followers.inc(change),
    catchUpRead: () => reads.inc(),
    published(receivers) {
      events.inc();
      deliveries.inc(receivers);
    },
  };
};
