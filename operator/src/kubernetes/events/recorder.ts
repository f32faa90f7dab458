import type { Clock, Logger } from '@simfleet/runtime';
import type { EventRecorder, KubernetesApi } from '../api.ts';
import { isReason } from '../errors.ts';
import { microTime } from '../micro-time.ts';
import type { KubernetesObject } from '../objects.ts';
import { tokenBucket } from '../queue/token-bucket.ts';
import { eventAbout, eventType, type Described, type Event, type Reporter } from './event.ts';

export interface RecorderParts {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** Different every time. */
  readonly unique: () => string;
  readonly dropped: (count: number) => void;
}

/** Something that happened to an object, once or several times. */
interface Series {
  readonly object: KubernetesObject;
  readonly described: Described;
  count: number;
  firstAtMs: number;
  lastAtMs: number;
  /** The event as it is on the server, with the count that it tells there; null before the first write. */
  stored: { readonly event: Event; readonly count: number; readonly writtenAt: number } | null;
}

/** What is recorded about one object. */
interface Subject {
  readonly series: Map<string, Series>;
  /** By the monotonic clock. */
  nextWriteAt: number;
  cancel: (() => void) | null;
}

/** Between two writes about one object, and between two about the same series. Milliseconds. */
const spacingMs = 1000;
const seriesSpacingMs = 30_000;
/** What happens again after this time is told as new (client-go: 6 minutes). Milliseconds. */
const seriesEndMs = 360_000;
/** Of all objects together: writes a second, and at once. */
const overall = { rate: 20, burst: 200 };
const longestSubject = 20;
const mostSubjects = 1000;

/** Best effort: an event that cannot be written is dropped, and neither delays nor fails who records it. */
export const createRecorder = (parts: RecorderParts): EventRecorder & { stop(): void } => {
  const { api, clock, logger, reporter, unique, dropped } = parts;
  const subjects = new Map<string, Subject>();
  const bucket = tokenBucket(clock, overall);
  const fieldManager = reporter.controller.replaceAll('/', '-');
  let stopped = false;

  const write = async (series: Series): Promise<void> => {
    const { stored, count } = series;
    const writtenAt = clock.monotonic();
    if (stored === null) {
      const event = eventAbout(series.object, series.described, reporter, series.firstAtMs, unique());
      series.stored = { event, count: 1, writtenAt };
      series.stored = { event: await api.create(eventType, event, { fieldManager }), count: 1, writtenAt };
      return;
    }
    series.stored = { ...stored, count, writtenAt };
    const patch = { series: { count, lastObservedTime: microTime(series.lastAtMs) } };
    await api.mergePatch(eventType, stored.event.metadata, patch, { fieldManager });
  };

  /** What to write next about the subject, and not before when. */
  const nextOf = (subject: Subject): { readonly series: Series; readonly at: number } | null => {
    let next: { readonly series: Series; readonly at: number } | null = null;
    for (const series of subject.series.values()) {
      if (series.stored !== null && series.stored.count >= series.count) continue;
      const at = Math.max(subject.nextWriteAt, series.stored === null ? 0 : series.stored.writtenAt + seriesSpacingMs);
      if (next === null || at < next.at) next = { series, at };
    }
    return next;
  };

  const plan = (subject: Subject): void => {
    subject.cancel?.();
    const next = stopped ? null : nextOf(subject);
    subject.cancel = next === null ? null : clock.after(next.at - clock.monotonic(), () => flush(subject, next.series));
  };

  const flush = (subject: Subject, series: Series): void => {
    subject.nextWriteAt = clock.monotonic() + spacingMs;
    if (bucket.tryTake()) {
      write(series).catch((error: unknown) => {
        // The server forgets events after an hour: the next one of the series is new.
        if (isReason(error, 'NotFound')) series.stored = null;
        else dropped(1);
        logger.debug({ error, reason: series.described.reason }, 'an Event could not be written');
      });
    } else {
      dropped(1);
      series.stored = series.stored === null ? null : { ...series.stored, count: series.count };
      if (series.stored === null) forget(subject, series);
    }
    plan(subject);
  };

  const forget = (subject: Subject, gone: Series): void => {
    for (const [key, series] of subject.series) if (series === gone) subject.series.delete(key);
  };

  const subjectOf = ({ metadata }: KubernetesObject): Subject => {
    const key = metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
    const subject = subjects.get(key) ?? { series: new Map<string, Series>(), nextWriteAt: 0, cancel: null };
    // In the order of last use, so that the first is the one to forget.
    subjects.delete(key);
    subjects.set(key, subject);
    for (const [oldest, idle] of subjects) {
      if (subjects.size <= mostSubjects) break;
      idle.cancel?.();
      subjects.delete(oldest);
    }
    return subject;
  };

  return {
    record(object, described) {
      if (stopped) return;
      const subject = subjectOf(object);
      const nowMs = clock.now();
      for (const [key, { lastAtMs }] of subject.series) if (nowMs - lastAtMs > seriesEndMs) subject.series.delete(key);
      const key = JSON.stringify([described.type, described.reason, described.action, described.note]);
      const known = subject.series.get(key);
      if (known === undefined && subject.series.size >= longestSubject) return dropped(1);
      const series = known ?? { object, described, count: 0, firstAtMs: nowMs, lastAtMs: nowMs, stored: null };
      series.count += 1;
      series.lastAtMs = nowMs;
      subject.series.set(key, series);
      plan(subject);
    },
    stop() {
      stopped = true;
      for (const subject of subjects.values()) subject.cancel?.();
      subjects.clear();
    },
  };
};
