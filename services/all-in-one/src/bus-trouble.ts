import { Counter } from '@simfleet/runtime';
import type { RuntimeContext } from '@simfleet/runtime';

/** What goes wrong on the bus where no caller waits: a line in the log, and a count to be alarmed by. */
export const busTrouble = ({
  logger,
  metrics,
}: Pick<RuntimeContext, 'logger' | 'metrics'>): ((what: string, error: unknown) => void) => {
  const troubles = new Counter({
    name: 'simfleet_bus_troubles_total',
    help: 'Troubles of the bus that no caller learns of, such as events that may be dropped before they are handled. The log tells each.',
    registers: [metrics],
  });
  return (what, error) => {
    troubles.inc();
    logger.warn(error === null ? {} : { err: error }, what);
  };
};
