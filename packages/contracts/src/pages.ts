import { z } from 'zod';

/** How totals are asked for: counted to the end, counted up to 1,000, or not at all. */
export const totalMode = z.enum(['exact', 'capped', 'none']);
export type TotalMode = z.infer<typeof totalMode>;

/** Rows of the whole list. Not exact: there are more than `count`, which people read as "1000+". Counted beside the page, not in one instant with it. */
export const pageTotal = z.strictObject({ count: z.int().min(0), exact: z.boolean() }).meta({ id: 'PageTotal' });
export type PageTotal = z.infer<typeof pageTotal>;

/** Members of a page that depend on what was asked for. */
const asked = {
  page: z.int().min(1).describe('On numbered pages: the number, from 1.').optional(),
  pageSize: z.int().min(1).describe('On numbered pages: the size that was asked for.').optional(),
  total: pageTotal.optional(),
};

type PageMembers<Item extends z.ZodType> = {
  items: z.ZodArray<Item>;
  next: z.ZodNullable<z.ZodString>;
  prev: z.ZodNullable<z.ZodString>;
} & typeof asked;

/** A page of a list. `next` and `prev` are cursors beside its ends, null where the list ends; a page past the end is empty and has neither. */
export const page = <Item extends z.ZodType>(item: Item): z.ZodObject<PageMembers<Item>> =>
  z.strictObject({ items: z.array(item), next: z.string().nullable(), prev: z.string().nullable(), ...asked });
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly prev: string | null;
  /** On numbered pages: from 1. */
  readonly page?: number;
  readonly pageSize?: number;
  /** When it was asked for. */
  readonly total?: PageTotal;
}
