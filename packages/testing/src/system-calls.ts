/** One call in a trace that `strace -f -y -o` wrote. */
export interface SystemCall {
  readonly pid: number;
  readonly name: string;
  /** Arguments as strace shows them, files as `5</path>`; text as far as its option `-s` lets it be. */
  readonly arguments: string;
  /** Null for a call that never came back. */
  readonly result: number | null;
  /**
   * Lines of the trace. What one process does because another has finished something is below it; a call that others interrupt has a line for its
   * beginning and one for its end.
   */
  readonly began: number;
  readonly ended: number;
}

/** The calls of a trace in the order of their beginnings. */
export const systemCalls = (trace: string): readonly SystemCall[] => {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, number>();
  trace.split('\n').forEach((line, at) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const found = / = (-?\d+)[^"]*$/.exec(rest);
    const result = found === null ? null : Number(found[1]);
    const resumed = unfinished.get(pid);
    if (rest.startsWith('<... ') && resumed !== undefined) {
      const begun = calls[resumed];
      const more = rest.slice(rest.indexOf('>') + 1);
      if (begun !== undefined) calls[resumed] = { ...begun, arguments: begun.arguments + more, result, ended: at };
      unfinished.delete(pid);
      return;
    }
    const [, name, shown = ''] = /^(\w+)\((.*)$/s.exec(rest) ?? [];
    if (name === undefined) return;
    const isUnfinished = rest.endsWith('<unfinished ...>');
    if (isUnfinished) unfinished.set(pid, calls.length);
    const ended = isUnfinished ? Number.POSITIVE_INFINITY : at;
    calls.push({ pid: Number(pid), name, arguments: shown, result, began: at, ended });
  });
  return calls;
};
