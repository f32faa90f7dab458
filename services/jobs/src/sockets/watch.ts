import type { Peer } from '@simfleet/sockets';

/** One client that watches one job. */
export interface Watch {
  readonly jobId: string;
  readonly peer: Pick<Peer, 'isGone' | 'send' | 'room' | 'subscribe' | 'unsubscribe'>;
  /** Id of the last event that was sent to it alone; what it gets by topic does not count. */
  position: number;
  /** Nothing more is sent: it has been told the end, the client wants no more, or is gone. */
  isOver: boolean;
  /** The end was told: the client may watch again. */
  readonly onEnd: () => void;
}
