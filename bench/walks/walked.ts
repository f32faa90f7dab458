import type { Collection } from '@simfleet/storage';
import type { Row } from './data.ts';
import type { NextPage } from './walk.ts';
import type { Mirror } from './writer.ts';

/** One database with the rows in it, and the peer's copy of them. */
export interface Walked {
  readonly title: string;
  readonly listed: Collection<Row>;
  readonly mirror: Mirror | null;
  readonly peer: { readonly name: string; readonly next: NextPage } | null;
  close(): Promise<void>;
}
