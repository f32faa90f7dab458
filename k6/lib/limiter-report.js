// What rate-limiter.js reports: admitted, within its bounds, for each cell (see limiter-goals.js).
import { tagsOf } from './limiter-goals.js';

/** Of a cell, what the report says: of what is known before as of what was judged. */
const countsOf = (valueOf, cell) => {
  const count = (metric) => valueOf(metric, 'count', tagsOf(cell)) ?? 0;
  const counted = {
    ...{ users: count('limiter_users_judged'), admitted: count('limiter_admitted') },
    ...{ lower: count('limiter_lower_bound'), upper: count('limiter_upper_bound'), refused: count('limiter_refused') },
    ...{ over: count('limiter_admitted_over_bound'), under: count('limiter_admitted_under_bound') },
    wronglyRefused: count('limiter_wrongly_refused'),
  };
  const known = knownBounds(cell, counted);
  if (known === null) return counted;
  const inTime = cell.pattern === 'arrival' ? count('limiter_admitted_in_time') : counted.admitted;
  return {
    ...{ ...counted, ...known, users: cell.users },
    over: cell.pattern === 'held' ? counted.over : Math.max(0, inTime - known.upper),
    under: Math.max(0, known.lower - counted.admitted),
    wronglyRefused: wronglyRefusedOf(cell, counted),
  };
};

/** Of arrivals nobody saw the order. */
const wronglyRefusedOf = ({ pattern }, { refused, wronglyRefused }) => {
  if (pattern === 'arrival') return null;
  return pattern === 'crowd' ? refused : wronglyRefused;
};

const knownBounds = (cell, { admitted, refused }) => {
  if (cell.pattern === 'arrival') return cell.bounds;
  if (cell.pattern === 'held') return { lower: cell.admissions, upper: cell.admissions };
  // All that came.
  return cell.pattern === 'crowd' ? { lower: admitted + refused, upper: admitted + refused } : null;
};

/** The section of the report about all cells. */
export const admissions = (measured, valueOf) => {
  const counted = measured.map((cell) => ({ cell, count: countsOf(valueOf, cell) }));
  return {
    title: 'Admitted, and what the algorithm admits',
    note:
      'Summed over users. The bounds are computed from the policy and from when requests were sent and answered; they differ by what the time between ' +
      'the two leaves open, and by what comes in while the test lasts. Those of arrivals are known before: of a stretch of known length, the upper one for ' +
      'what was answered within it. Over and under must be 0, and so must refusals that came while there was room.',
    head: [
      'Algorithm',
      'Pattern',
      'Users',
      'Lower',
      'Admitted',
      'Upper',
      'Refused',
      'Over',
      'Under',
      'Wrongly refused',
    ],
    rows: counted.map(({ cell, count }) => [
      ...[cell.algorithm, cell.pattern, count.users],
      ...[count.lower, count.admitted, count.upper, count.refused],
      ...[count.over, count.under, count.wronglyRefused],
    ]),
    ranges: counted.map(({ cell, count }) => ({
      name: `${cell.algorithm}, ${cell.pattern}`,
      ...{ lower: count.lower, upper: count.upper, value: count.admitted },
    })),
  };
};
