import { SimfleetError } from '@simfleet/contracts';
import type { Refusal } from '@simfleet/contracts';
import type { Rule } from '@simfleet/rate-limit';
import { retryAfterOf, secondsOf } from './limit-headers.ts';
import type { Decided } from './limit-headers.ts';

/** What a refusal says, without the stack of an error, which refusals by the thousand have no use for. */
export interface RefusalText {
  readonly code: 'quota-exceeded';
  readonly detail: string;
  readonly refusal: Refusal;
}

/** Null when everything was admitted. */
export const refusalOf = (decided: readonly Decided[]): RefusalText | null => {
  const retryAfterMs = retryAfterOf(decided);
  if (retryAfterMs === undefined) return null;
  const rules = refusingRules(decided);
  const detail = refusalDetail(rules, retryAfterMs === null ? null : String(secondsOf(retryAfterMs)));
  return { code: 'quota-exceeded', detail, refusal: { policies: rules.map(({ name }) => name), retryAfterMs } };
};

export const refusingRules = (decided: readonly Decided[]): readonly Rule[] =>
  decided.filter(({ decision }) => !decision.allowed).map(({ charge }) => charge.rule);

/** `seconds`: null when waiting does not help. */
export const refusalDetail = (rules: readonly Rule[], seconds: string | null): string => {
  const named = rules.map((rule) => `"${rule.name}" (${measureOf(rule)})`).join(' and ');
  const limits = rules.length === 1 ? `the limit ${named} is` : `the limits ${named} are`;
  return seconds === null
    ? `${limits} below what this request asks for at once`
    : `${limits} reached: try again in ${seconds} s`;
};

export const refusalError = ({ code, detail, refusal }: RefusalText): SimfleetError =>
  new SimfleetError(code, detail, { refusal });

const measureOf = (rule: Rule): string =>
  rule.algorithm === 'concurrency' ? `${rule.limit} at a time` : `${rule.limit} in ${rule.windowMs / 1000} s`;
