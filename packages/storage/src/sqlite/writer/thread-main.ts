import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { faultOf } from '../faults.ts';
import { holdDirectory, type Hold } from '../hold.ts';
import { migrate } from '../schema.ts';
import { Statements } from '../statements.ts';
import type { Call, FromWriter, Reply, ToWriter, WriterSettings } from './calls.ts';
import { unpacked } from './packing.ts';
import { Transactions } from './transaction.ts';

/**
 * The one thread that writes, and the holder of the data directory. While it waits for an fsync the calls of everybody queue in its port; all of them go into the next
 * transaction (group commit).
 */

/** Calls in one transaction at most: bounds the memory of a batch and how long its first caller waits. */
const mostCalls = 1024;

const openDatabase = ({ file }: WriterSettings): DatabaseSync => {
  const db = new DatabaseSync(file, { timeout: 5000 });
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('PRAGMA cache_size = -32768');
  // A checkpoint costs two fsyncs: every 4,000 pages (16 MB) they vanish beside the commits.
  db.exec('PRAGMA wal_autocheckpoint = 4000');
  db.exec('PRAGMA journal_size_limit = 67108864');
  migrate(db, file);
  return db;
};

const carriesEvents = (call: Call): boolean => 'events' in call && call.events.length > 0;

const hasNothingToTell = (reply: Reply): boolean => reply.done && reply.positions === undefined;

const serve = (port: MessagePort, db: DatabaseSync, hold: Hold): void => {
  const transactions = new Transactions(db, new Statements(db));
  const answer = (message: FromWriter): void => port.postMessage(message);
  const write = (calls: readonly Call[]): void => {
    const replies = transactions.write(calls);
    const events = calls.some((call, index) => carriesEvents(call) && replies[index]?.done === true);
    answer({ kind: 'replies', replies: replies.every(hasNothingToTell) ? replies.length : replies, events });
  };
  port.on('message', (first: ToWriter) => {
    let calls: Call[] = [];
    for (let next: ToWriter | undefined = first; next !== undefined;) {
      if (next.kind === 'close') {
        if (calls.length > 0) write(calls);
        db.close();
        hold.release();
        answer({ kind: 'closed' });
        port.close();
        return;
      }
      for (const call of unpacked(next.packed)) calls.push(call);
      if (calls.length >= mostCalls) {
        write(calls);
        calls = [];
      }
      next = receiveMessageOnPort(port)?.message as ToWriter | undefined;
    }
    if (calls.length > 0) write(calls);
  });
  answer({ kind: 'ready' });
};

const start = (port: MessagePort, settings: WriterSettings): void => {
  let hold: Hold | null = null;
  try {
    hold = holdDirectory(dirname(settings.file), process.pid);
    serve(port, openDatabase(settings), hold);
  } catch (error) {
    hold?.release();
    port.postMessage({ kind: 'failed', fault: faultOf(error) } satisfies FromWriter);
  }
};

if (parentPort !== null) start(parentPort, workerData as WriterSettings);
