import type { PageTotal } from '@simfleet/contracts';
import { count } from './numbers.ts';

/** Which part of a list is on the screen. */
export interface ShownPart {
  /** `jobs`. */
  readonly kind: string;
  readonly shown: number;
  /** Whether the list goes on. */
  readonly more: boolean;
  /** Of numbered pages: which, and of what size. */
  readonly numbered?: { readonly page: number; readonly pageSize: number };
  readonly total?: PageTotal;
  readonly limit: number;
}

export const totalText = (total: PageTotal): string => `${count(total.count)}${total.exact ? '' : '+'}`;

/** The line below a list: what of it is shown, and how to see the rest. Empty when the whole list is there and nothing was asked. */
export const listNotice = ({ kind, shown, more, numbered, total, limit }: ShownPart): string => {
  const of = total === undefined ? '' : ` of ${totalText(total)}`;
  if (numbered === undefined) {
    if (shown === 0) return `no ${kind}`;
    const rest = more ? `there are more: raise --limit ${limit}` : '';
    return total === undefined
      ? rest
      : [`showing 1–${count(shown)}${of}`, rest].filter((part) => part !== '').join('; ');
  }
  const { page, pageSize } = numbered;
  if (shown === 0)
    return page === 1 ? `no ${kind}` : `page ${count(page)} is past the end${of === '' ? '' : `${of} ${kind}`}`;
  const first = (page - 1) * pageSize + 1;
  return `showing ${count(first)}–${count(first + shown - 1)}${of}${more ? `; go on with --page ${page + 1}` : ''}`;
};
