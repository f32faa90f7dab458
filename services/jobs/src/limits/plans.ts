import { errorCode, standardPlan } from '@simfleet/contracts';
import type { Soon } from '@simfleet/rate-limit';
import type { Clock, Logger } from '@simfleet/runtime';
import type { CustomerCollection } from '../customers/customers.ts';

/** The plans of customers, remembered for seconds: they are asked for with every request. */
export interface Plans {
  of(customer: string): Soon<string | undefined>;
  forget(customer: string): void;
}

interface Known {
  readonly plan: string | undefined;
  readonly until: number;
}

/** How long a replica may hold to a plan that another has changed, when the hint of it was lost. */
const keepMs = 5_000;
/** Beyond it all are forgotten at once: names that nobody has may be asked for by the million. */
const mostKnown = 10_000;

export const openPlans = (
  customers: Pick<CustomerCollection, 'get'>,
  clock: Pick<Clock, 'monotonic'>,
  logger: Logger,
): Plans => {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<string | undefined>>();

  const read = async (customer: string): Promise<Known> => {
    const stored = await customers.get(customer);
    const plan = stored === null ? undefined : (stored.doc.plan ?? standardPlan);
    return { plan, until: clock.monotonic() + keepMs };
  };

  const ask = (customer: string): Promise<string | undefined> => {
    const answer = read(customer).then(
      (found) => {
        // Forgotten meanwhile: what was read may be older than the change.
        if (asking.get(customer) !== answer) return found.plan;
        asking.delete(customer);
        if (known.size >= mostKnown) known.clear();
        known.set(customer, found);
        return found.plan;
      },
      (error: unknown) => {
        if (asking.get(customer) === answer) asking.delete(customer);
        // The limits of the rules themselves, or the last plan known, are better than none.
        logger.debug({ err: error, code: errorCode(error), customer }, 'the plan of a customer cannot be told');
        return known.get(customer)?.plan;
      },
    );
    asking.set(customer, answer);
    return answer;
  };

  return {
    of(customer) {
      const found = known.get(customer);
      if (found !== undefined && found.until > clock.monotonic()) return found.plan;
      return asking.get(customer) ?? ask(customer);
    },
    forget(customer) {
      known.delete(customer);
      asking.delete(customer);
    },
  };
};
