import assert from 'node:assert/strict';
import type { SimfleetEvent } from '@simfleet/contracts';
import type { Bus } from '@simfleet/bus';
import { until } from '@simfleet/testing';
import { openBus } from '@simfleet/wiring';
import type { Owner } from '../scene.ts';

type JobEvent = SimfleetEvent<'dev.simfleet.job.changed.v1' | 'dev.simfleet.job.threshold-crossed.v1'>;

/** What a consumer of events gets over all that happens, each event once by its id, in the order of its coming. */
export interface Observer {
  readonly bus: Bus;
  /** Of one job. */
  of(jobId: string): readonly JobEvent[];
  /** Handed out again, as every consumer has to expect. */
  readonly repeated: number;
}

/** A durable consumer of its own on the bus of a fleet. */
export const observe = async (context: Owner, url: string): Promise<Observer> => {
  const bus = await openBus({ url });
  context.after(() => bus.close());
  const events = new Map<string, Map<string, JobEvent>>();
  let repeated = 0;
  await bus.consume({
    name: 'observer',
    types: ['dev.simfleet.job.changed.v1', 'dev.simfleet.job.threshold-crossed.v1'],
    handle: async (event) => {
      const ofJob = events.get(event.data.jobId) ?? new Map<string, JobEvent>();
      events.set(event.data.jobId, ofJob);
      if (ofJob.has(event.id)) repeated += 1;
      else ofJob.set(event.id, event);
    },
  });
  return {
    bus,
    of: (jobId) => [...(events.get(jobId)?.values() ?? [])],
    get repeated() {
      return repeated;
    },
  };
};

interface ConsumerState {
  readonly name: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

/** Resolves once no durable consumer has anything to handle, by the word of the server; answers their names. */
export const untilAllHandled = (monitorUrl: string): Promise<readonly string[]> =>
  until(
    'consumers to have handled all',
    async () => {
      const answer = await fetch(`${monitorUrl}/jsz?consumers=true`);
      const { account_details: accounts } = (await answer.json()) as {
        readonly account_details: readonly {
          readonly stream_detail: readonly { readonly consumer_detail?: readonly ConsumerState[] }[];
        }[];
      };
      const consumers = accounts.flatMap((account) =>
        account.stream_detail.flatMap(({ consumer_detail: details }) => details ?? []),
      );
      assert.ok(consumers.length > 0, 'the server knows of no consumer');
      const isIdle = consumers.every((each) => each.num_pending === 0 && each.num_ack_pending === 0);
      return isIdle && consumers.map(({ name }) => name);
    },
    20_000,
  );
