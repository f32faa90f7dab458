import type { Log } from '@simfleet/storage';
import { auditStream } from '../audit/audit.ts';
import { dayMs } from './round.ts';
import type { Round } from './round.ts';

/** Entries read at a time. */
const pageSize = 500;

/** Drops audit entries of a customer beyond the newest so many. */
export const trimLongAudit = async (log: Log, customer: string, kept: number, round: Round): Promise<void> => {
  const stream = auditStream(customer);
  const through = (await log.last(stream)) - kept;
  const [first] = await log.read(stream, 0, 1);
  if (first === undefined || first.position > through) return;
  await log.trim(stream, through);
  await round.breathe(through - first.position + 1);
};

/** Drops audit entries of a customer that are older than so many days. Entries stand in the order of their time, but for clocks of replicas that differ. */
export const trimOldAudit = async (log: Log, customer: string, days: number, round: Round): Promise<void> => {
  const stream = auditStream(customer);
  const oldest = new Date(round.now - days * dayMs).toISOString();
  while (!round.ended()) {
    const page = await log.read(stream, 0, pageSize);
    const young = page.findIndex(({ data }) => (data as { readonly time: string }).time >= oldest);
    const old = young === -1 ? page.length : young;
    const through = page[old - 1]?.position;
    if (through === undefined) return;
    await log.trim(stream, through);
    await round.breathe(old);
    if (old < pageSize) return;
  }
};
