import type { LiveEvent } from '@simfleet/contracts';
import type { Entry, Log } from '@simfleet/storage';

export const isResult = ({ key }: Pick<Entry, 'key'>): boolean => key.startsWith('result:');

/**
 * The entries without the changes of state that were told and cut off since: the store would take those again, behind the result, as it has forgotten their
 * keys. A history is cut in front of a result only, so all states up to the newest result were told.
 */
export const notToldBefore = async <Told extends { readonly event: LiveEvent }>(
  log: Log,
  stream: string,
  entries: readonly Told[],
): Promise<readonly Told[]> => {
  if (!entries.some(({ event }) => event.type === 'state')) return entries;
  const [first] = await log.read(stream, 0, 1);
  if (first === undefined || first.position === 1) return entries;
  const end = await newestResultTime(log, stream);
  return entries.filter(({ event }) => event.type !== 'state' || event.time > end);
};

const pageSize = 1000;

/** Text that sorts before every time when there is no result. */
const newestResultTime = async (log: Log, stream: string): Promise<string> => {
  for (let through = await log.last(stream); through > 0; through -= pageSize) {
    const page = await log.read(stream, Math.max(0, through - pageSize), pageSize);
    const result = page.findLast((entry) => entry.position <= through && isResult(entry));
    if (result !== undefined) return (result.data as unknown as LiveEvent).time;
    if ((page[0]?.position ?? through + 1) > through) break;
  }
  return '';
};
