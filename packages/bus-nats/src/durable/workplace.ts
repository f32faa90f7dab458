import type { JetStreamManager } from '@nats-io/jetstream';
import type { DurableConsumer, Tracing } from '@simfleet/bus';
import type { Letters } from '../letters.ts';
import type { Link } from '../link/link.ts';
import type { Names } from '../names.ts';
import type { OnTrouble } from '../options.ts';

/** What the bus needs to know of a consumer, whatever its types. */
export type AnyConsumer = Pick<DurableConsumer<never>, 'name' | 'maxAttempts'> & {
  readonly types: readonly string[];
  readonly handle: (event: never) => Promise<void>;
};

export interface Workplace {
  readonly link: Link;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly letters: Letters;
  readonly consumer: AnyConsumer;
  readonly durable: string;
  /** Milliseconds between looks at how far behind we are. */
  readonly lookMs: number;
  readonly tracing: Tracing;
  readonly onTrouble: OnTrouble;
}
