import type { Principal } from '@simfleet/contracts';
import { errorCode } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { Log } from '@simfleet/storage';

/** Who did what to which record. */
export interface Deed {
  readonly principal: Principal;
  readonly customer: string;
  /** `jobs.cancel`. */
  readonly action: string;
  /** `jobs/{id}`, `services/{name}`, `customers/{id}`. */
  readonly subject: string;
  /** When the record was created: customers and services come back under an old name, and then count their versions afresh. */
  readonly since: string;
  /** Version of the record that the deed made. */
  readonly version: number;
}

/** Deeds of people, in a log per customer, written after the change they tell of and before it is answered. */
export interface Audit {
  write(deed: Deed): Promise<void>;
}

export const auditStream = (customer: string): string => `audit:${customer}`;

export const openAudit = (log: Log, clock: Pick<Clock, 'now'>): Audit => ({
  async write({ principal, customer, action, subject, since, version }) {
    const data = {
      time: new Date(clock.now()).toISOString(),
      principal: { id: principal.id, kind: principal.kind },
      action,
      subject,
      version,
    };
    try {
      await log.append(auditStream(customer), [{ key: `${subject}:${since}:${version}:${action}`, data }]);
    } catch (error) {
      // Told before, at another time: a repeated request.
      if (errorCode(error) !== 'not-reproducible') throw error;
    }
  },
});
