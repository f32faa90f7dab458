import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SimfleetError } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { fakeClock, recordingLogger, until } from '@simfleet/testing';
import fc from 'fast-check';
import { openTokenWatch } from '../src/index.ts';

const everyMs = 1_000;
const principal = (id: string, customers: readonly string[] = ['acme']): Principal => ({ id, kind: 'user', customers });
const ann = principal('ann');
const away = (): never => {
  throw new SimfleetError('unavailable', 'planted: the store of tokens is away');
};

/** A watch that asks `authenticate`, and what it asked. */
const open = (authenticate: (token: string | null) => Principal | null | Promise<Principal | null>) => {
  const [clock, log] = [fakeClock(), recordingLogger()];
  const asked: (string | null)[] = [];
  const authorizer = {
    async authenticate(token: string | null) {
      asked.push(token);
      return authenticate(token);
    },
  };
  const { watch } = openTokenWatch({ authorizer, clock, logger: log.logger }, everyMs);
  const warnings = (): number => log.entries().filter(({ level }) => level === 'warn').length;
  /** Lets the next round begin, and end if it waits for nobody. */
  const round = async (): Promise<void> => {
    await clock.advance(everyMs);
    for (let left = 3; left > 0; left -= 1) await turn();
  };
  return { clock, watch, asked, warnings, round };
};

/** Begins with tokens of these names, and tells whom it told what. */
const watchAll = ({ watch }: Pick<ReturnType<typeof open>, 'watch'>, tokens: readonly string[]) => {
  const told: (readonly [token: string, now: Principal | null])[] = [];
  const ends = tokens.map((token) => watch({ principal: ann, token }, (now) => void told.push([token, now])));
  return { told, ends };
};

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `token-${index}`);

const token = fc.integer({ min: 0, max: 2 });
const anyStep = fc.oneof(
  fc.record({ do: fc.constant('watch' as const), token }),
  fc.record({ do: fc.constant('end' as const), index: fc.nat(20) }),
  // Whose the token is from then on: nobody's, somebody's of these powers, or not to be told.
  fc.record({ do: fc.constant('set' as const), token, to: fc.constantFrom(null, 'away', 'a', 'b') }),
  fc.record({ do: fc.constant('round' as const) }),
);

test('whatever comes and goes: who lost a token is told once, by the next round that can tell; each token is asked about once a round; a timer is set while somebody is watched', async () => {
  const steps = fc.array(anyStep, { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const now: Record<number, Principal | null | 'away'> = { 0: ann, 1: ann, 2: ann };
      const subject = open((asked) => {
        const found = now[Number(asked)] ?? null;
        return found === 'away' ? away() : structuredClone(found);
      });
      const watched: {
        token: number;
        began: Principal;
        isAlive: boolean;
        told: unknown[];
        due: unknown[];
        end(): void;
      }[] = [];
      for (const step of all) {
        if (step.do === 'watch') {
          const began = now[step.token];
          if (began === null || began === undefined || began === 'away') continue;
          const told: unknown[] = [];
          const end = subject.watch({ principal: began, token: String(step.token) }, (to) => told.push(to));
          watched.push({ token: step.token, began, isAlive: true, told, due: [], end });
        } else if (step.do === 'end') {
          const one = watched[step.index];
          if (one === undefined) continue;
          one.end();
          one.isAlive = false;
        } else if (step.do === 'set') {
          now[step.token] = step.to === null || step.to === 'away' ? step.to : principal('ann', [step.to]);
        } else {
          const alive = watched.filter(({ isAlive }) => isAlive);
          const [due, before] = [new Set(alive.map((one) => String(one.token))), subject.warnings()];
          subject.asked.splice(0);
          await subject.round();
          assert.deepEqual(subject.asked.toSorted(), [...due].toSorted());
          assert.equal(subject.warnings() - before, alive.some((one) => now[one.token] === 'away') ? 1 : 0);
          for (const one of alive) {
            const is = now[one.token] ?? null;
            if (is === 'away' || JSON.stringify(is) === JSON.stringify(one.began)) continue;
            one.due.push(is);
            one.isAlive = false;
          }
        }
        for (const one of watched) assert.deepEqual(one.told, one.due);
        assert.equal(subject.clock.waiting, watched.some(({ isAlive }) => isAlive) ? 1 : 0);
      }
    }),
    { numRuns: 300 },
  );
});

test('tokens are looked at every 30 s unless said otherwise', async () => {
  const [clock, asked] = [fakeClock(), [] as (string | null)[]];
  const authorizer = { authenticate: async (given: string | null) => (asked.push(given), ann) };
  const watch = openTokenWatch({ authorizer, clock, logger: recordingLogger().logger });
  watchAll(watch, ['hers']);
  await clock.advance(29_999);
  assert.deepEqual(asked, []);
  await clock.advance(1);
  assert.deepEqual(asked, ['hers']);
});

test('at most 256 tokens are asked about at a time', async () => {
  let [underWay, most] = [0, 0];
  const subject = open(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await turn();
    underWay -= 1;
    return null;
  });
  const { told } = watchAll(subject, names(1_000));
  await subject.round();
  await until('all are told', () => told.length === 1_000);
  assert.equal(most, 256);
  assert.equal(subject.asked.length, 1_000);
});

test('others have their turns during a round of many, also of one token', async () => {
  const subject = open(() => null);
  const { told } = watchAll(subject, Array<string>(1_000).fill('hers'));
  const seen = new Set<number>();
  const others = async (): Promise<void> => {
    for (let turns = 0; turns < 1_000 && told.length < 1_000; turns += 1) {
      await turn();
      seen.add(told.length);
    }
  };
  await Promise.all([others(), subject.clock.advance(everyMs)]);
  assert.deepEqual([...seen], [0, 256, 512, 768, 1_000]);
  assert.deepEqual(subject.asked, ['hers']);
});

test('who leaves while it is asked about is never told, who leaves before is not asked about', async () => {
  const gate = Promise.withResolvers<null>();
  const subject = open(() => gate.promise);
  const { told, ends } = watchAll(subject, names(600));
  await subject.round();
  for (const leaving of [0, 1, 255, 256, 599]) ends[leaving]?.();
  gate.resolve(null);
  await until('the others are told', () => told.length === 595);
  const over = new Set(['token-0', 'token-1', 'token-255', 'token-256', 'token-599']);
  assert.deepEqual(
    told.filter(([name]) => over.has(name)),
    [],
  );
  assert.deepEqual(
    subject.asked.filter((name) => name === 'token-256' || name === 'token-599'),
    [],
  );
});

test('who comes during a round is looked at by the next one, which begins when that is over', async () => {
  const gate = Promise.withResolvers<Principal>();
  const subject = open((name) => (name === 'slow' ? gate.promise : ann));
  watchAll(subject, ['slow']);
  await subject.round();
  watchAll(subject, ['late']);
  await subject.round();
  assert.deepEqual([subject.asked, subject.clock.waiting], [['slow'], 0]);
  gate.resolve(ann);
  await until('the next round is set', () => subject.clock.waiting === 1);
  await subject.round();
  assert.deepEqual(subject.asked, ['slow', 'slow', 'late']);
});

test('while tokens cannot be checked nobody is told, and a round says so once, however many it is of', async () => {
  let isAway = true;
  const subject = open(() => (isAway ? away() : null));
  const { told } = watchAll(subject, names(600));
  for (const rounds of [1, 2, 3]) {
    await subject.clock.advance(everyMs);
    await until('the next round is set', () => subject.clock.waiting === 1);
    assert.deepEqual([subject.warnings(), told.length, subject.asked.length], [rounds, 0, rounds * 600]);
  }
  isAway = false;
  await subject.clock.advance(everyMs);
  await until('all are told', () => told.length === 600);
  assert.equal(subject.warnings(), 3);
});

test('what is told may end others and begin anew', async () => {
  const subject = open(() => null);
  const told: string[] = [];
  const ends: (() => void)[] = [];
  const one = (name: string) => (): void => {
    told.push(name);
    for (const end of ends) end();
    subject.watch({ principal: ann, token: 'hers' }, () => told.push('again'));
  };
  for (const name of ['first', 'second']) ends.push(subject.watch({ principal: ann, token: 'hers' }, one(name)));
  await subject.round();
  assert.deepEqual(told, ['first']);
  await subject.round();
  assert.deepEqual(told, ['first', 'again']);
  assert.equal(subject.clock.waiting, 0);
});
