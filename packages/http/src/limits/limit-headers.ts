import { hash } from 'node:crypto';
import type { Charge, Decision, Rule } from '@simfleet/rate-limit';

/** A charge with what the store said to it. */
export interface Decided {
  readonly charge: Charge;
  readonly decision: Decision;
}

/**
 * RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10) with one item for each rule, and `Retry-After` after a refusal: whole
 * seconds, rounded up, and no earlier than any `t` beside it. Of rules that did not refuse, a refusal tells no `t`, since theirs is the time until
 * all of their quota is back.
 */
export type LimitHeaders = (decided: readonly Decided[]) => Readonly<Record<string, string>>;

/** Largest Integer of structured fields (RFC 9651 §3.3.1). */
const largestInteger = 999_999_999_999_999;
/** Bytes of the digest that names a partition: enough to tell the keys of one client apart, and nothing to find a key by. */
const partitionBytes = 9;
const rememberedPartitions = 10_000;
/** An application may count by what a client writes: longer keys are digested anew each time, and fill no memory. */
const longestRemembered = 128;

/** What the items of a rule begin with in each of the two fields. */
interface RuleTexts {
  readonly policy: string;
  readonly remaining: string;
}

export const createLimitHeaders = (): LimitHeaders => {
  const rules = new WeakMap<Rule, RuleTexts>();
  const partitions = new Map<string, string>();

  const textsOf = (rule: Rule): RuleTexts => {
    const known = rules.get(rule);
    if (known !== undefined) return known;
    const texts = { policy: policyItem(rule), remaining: `${quoted(rule.name)};r=` };
    rules.set(rule, texts);
    return texts;
  };
  const partitionOf = (key: string): string => {
    const known = partitions.get(key);
    if (known !== undefined) return known;
    const bytes = Buffer.from(hash('sha256', key, 'buffer').subarray(0, partitionBytes)).toString('base64');
    const parameter = `;pk=:${bytes}:`;
    if (key.length > longestRemembered) return parameter;
    if (partitions.size >= rememberedPartitions) partitions.clear();
    partitions.set(key, parameter);
    return parameter;
  };

  return (decided) => {
    const refused = retryAfterOf(decided);
    let policy = '';
    let limit = '';
    for (const { charge, decision } of decided) {
      const separator = policy === '' ? '' : ', ';
      const partition = partitionOf(charge.key);
      const texts = textsOf(charge.rule);
      policy += `${separator}${texts.policy}${partition}`;
      limit += `${separator}${texts.remaining}${integer(Math.floor(decision.remaining))}`;
      limit += `${resetOf(charge.rule, decision, refused !== undefined)}${partition}`;
    }
    if (policy === '') return {};
    return typeof refused === 'number'
      ? { 'ratelimit-policy': policy, ratelimit: limit, 'retry-after': String(secondsOf(refused)) }
      : { 'ratelimit-policy': policy, ratelimit: limit };
  };
};

/** Milliseconds until all that refused would admit; null when one never will; undefined when none refused. */
export const retryAfterOf = (decided: readonly Decided[]): number | null | undefined => {
  let longest: number | null | undefined;
  for (const { decision } of decided) {
    if (decision.allowed) continue;
    if (decision.retryAfterMs === null) return null;
    longest = Math.max(longest ?? 0, decision.retryAfterMs);
  }
  return longest;
};

/** Whole seconds that are at least as long, and never none. */
export const secondsOf = (ms: number): number => integer(Math.max(1, Math.ceil(ms / 1000)));

const policyItem = (rule: Rule): string => {
  const quota = `${quoted(rule.name)};q=${integer(rule.limit)}`;
  if (rule.algorithm === 'concurrency') return `${quota};qu="concurrent-requests"`;
  const item = `${quota};w=${secondsOf(rule.windowMs)}`;
  const burst = burstOf(rule);
  return burst === rule.limit ? item : `${item};simfleet-burst=${integer(burst)}`;
};

const burstOf = (rule: Rule): number => {
  if (rule.algorithm === 'token-bucket') return rule.burst ?? rule.limit;
  return rule.algorithm === 'leaky-bucket' ? (rule.burst ?? 1) : rule.limit;
};

/** `t`, where there is a time to tell: requests under way end when they end. */
const resetOf = (rule: Rule, { allowed, resetMs, retryAfterMs }: Decision, isRefusal: boolean): string => {
  const ms = isRefusal ? (allowed ? null : retryAfterMs) : resetMs;
  const isTimed = rule.algorithm !== 'concurrency' || !allowed;
  return ms === null || ms === 0 || !isTimed ? '' : `;t=${secondsOf(ms)}`;
};

const integer = (value: number): number => Math.min(largestInteger, Math.max(0, value));

/** A String of structured fields (RFC 9651 §3.3.3). */
const quoted = (text: string): string =>
  /^[a-z0-9-]*$/.test(text) ? `"${text}"` : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
