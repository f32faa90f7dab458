import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

interface Seen {
  readonly sent: number;
  readonly begun: number;
  readonly endAsked: number | null;
  readonly received: number;
  readonly admitted: boolean | null;
}

interface Verdict {
  readonly admitted: number;
  readonly refused: number;
  readonly most: number;
  readonly over: number;
  readonly wronglyRefused: number;
}

/** The very file that k6 runs. */
const file = new URL('../../k6/lib/held.js', import.meta.url).href;
const { judgeHeld } = (await import(file)) as {
  readonly judgeHeld: (limit: number, trace: readonly Seen[], freedMs: number) => Verdict;
};

const epoch = 1_700_000_000_000;
const freedMs = 100;

interface Request {
  /** Milliseconds after the one before, until it is decided, held, until its end is known, and until its place is free. */
  readonly gap: number;
  readonly there: number;
  readonly held: number;
  readonly back: number;
  readonly freed: number;
}

/** What a client saw of requests at a limiter that holds `limit` places. */
const seenOf = (requests: readonly Request[], limit: number): readonly Seen[] => {
  let now = epoch;
  const arrivals = requests.map((request) => ({
    ...request,
    sent: (now += request.gap),
    decided: now + request.there,
  }));
  arrivals.sort((a, b) => a.decided - b.decided);
  let taken: number[] = [];
  return arrivals.map(({ sent, decided, held, back, freed }) => {
    taken = taken.filter((until) => until > decided);
    const admitted = taken.length < limit;
    const begun = decided + back;
    const endAsked = begun + held;
    const received = endAsked + 2 * back;
    if (!admitted) return { ...{ sent, begun, endAsked: null, received: begun, admitted } };
    // The server ends it after it was asked to, and frees the place up to so much after the client knows.
    taken = [...taken, endAsked + freed * (2 * back + freedMs)];
    return { sent, begun, endAsked, received, admitted };
  });
};

const delay = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });
const requests = fc.array(
  fc.record({ gap: delay(60), there: delay(40), held: delay(400), back: delay(40), freed: delay(1) }),
  { minLength: 1, maxLength: 60 },
);

const round = (start: number, count: number, admitted: number): readonly Seen[] =>
  Array.from({ length: count }, (_, index) => {
    const sent = start + index * 10;
    if (index >= admitted) return { sent, begun: sent + 3, endAsked: null, received: sent + 3, admitted: false };
    return { sent, begun: sent + 3, endAsked: start + 500, received: start + 510, admitted: true };
  });

void describe('requests under way at a time', () => {
  void it('are no fault where a limiter holds its places, whatever the order and the time on the way', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 8 }), (sent, limit) => {
        const verdict = judgeHeld(limit, seenOf(sent, limit), freedMs);
        assert.deepEqual([verdict.over, verdict.wronglyRefused], [0, 0], JSON.stringify(verdict));
        assert.equal(verdict.admitted + verdict.refused, sent.length);
      }),
      { numRuns: 500 },
    );
  });

  void it('are seen when there is one too many', () => {
    assert.deepEqual(judgeHeld(5, round(epoch, 15, 6), freedMs), {
      ...{ admitted: 6, refused: 9, most: 6, over: 1, wronglyRefused: 0 },
    });
  });

  void it('do not overlap where one may have ended before the other began', () => {
    const one = { sent: 0, begun: 10, endAsked: 100, received: 120, admitted: true };
    const other = { sent: 90, begun: 100, endAsked: 200, received: 220, admitted: true };
    assert.equal(judgeHeld(1, [one, other], freedMs).over, 0);
    assert.equal(judgeHeld(1, [one, { ...other, begun: 95 }], freedMs).over, 1);
  });

  void it('show a place that is not given back', () => {
    const kept = [...round(epoch, 15, 5), ...round(epoch + 2000, 15, 4)];
    assert.equal(judgeHeld(5, kept, freedMs).wronglyRefused, 11);
    const soon = [...round(epoch, 15, 5), ...round(epoch + 515, 1, 0)];
    assert.equal(judgeHeld(5, soon, freedMs).wronglyRefused, 0);
  });
});
