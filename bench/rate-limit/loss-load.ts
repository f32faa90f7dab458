/** What one limiter did to a key: whether it admitted each attempt, in order. */
export interface KeyAnswers {
  readonly key: string;
  readonly heavy: boolean;
  readonly answers: boolean[];
}

export interface Subject {
  readonly name: string;
  /** Replica and key → whether it is admitted. A limiter that cannot say throws: then it is not. */
  readonly ask: (replica: number, key: string) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface Load {
  readonly keys: readonly KeyAnswers[];
  readonly latencies: number[];
  /** Attempts that no answer has come to yet. */
  open: number;
}

/** Attempts a second of each key: above its limit, and far below it. */
const heavyRate = 150;
const lightRate = 20;
const keysOfEach = 4;
export const replicas = 2;
/** Attempts are made on a beat, those that are due at once; milliseconds. */
const beatMs = 5;

export const newLoad = (): Load => ({
  keys: [true, false].flatMap((heavy) =>
    Array.from({ length: keysOfEach }, (_, index) => ({
      key: `${heavy ? 'heavy' : 'light'} ${index}`,
      heavy,
      answers: [] as boolean[],
    })),
  ),
  latencies: [],
  open: 0,
});

const attempt = async (subject: Subject, load: Load, { key, answers }: KeyAnswers, replica: number): Promise<void> => {
  const started = performance.now();
  load.open += 1;
  const admitted = await subject.ask(replica, key).catch(() => false);
  load.open -= 1;
  load.latencies.push(performance.now() - started);
  answers.push(admitted);
};

/** Makes attempts at constant rates, whatever becomes of them, until `end` resolves; the subjects side by side. */
export const drive = async (subjects: readonly (readonly [Subject, Load])[], end: Promise<void>): Promise<void> => {
  const started = performance.now();
  const sent = new Map<KeyAnswers, number>();
  const beat = setInterval(() => {
    const seconds = (performance.now() - started) / 1_000;
    for (const [subject, load] of subjects) {
      for (const key of load.keys) {
        const due = Math.floor(seconds * (key.heavy ? heavyRate : lightRate));
        let count = sent.get(key) ?? 0;
        for (; count < due; count += 1) void attempt(subject, load, key, count % replicas);
        sent.set(key, count);
      }
    }
  }, beatMs);
  await end;
  clearInterval(beat);
};

/** Of a limit that opens nothing during the run: what was admitted above it, and refused below it. */
export const wrongs = (
  { keys }: Load,
  limit: number,
): { readonly admitted: number; readonly refused: number; readonly worst: number } => {
  let [over, under, worst] = [0, 0, 0];
  for (const { answers } of keys) {
    let admitted = 0;
    for (const answer of answers) {
      if (answer) admitted += 1;
      if (answer && admitted > limit) over += 1;
      if (!answer && admitted < limit) under += 1;
    }
    worst = Math.max(worst, admitted);
  }
  return { admitted: over, refused: under, worst };
};
