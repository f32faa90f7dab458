/** Goals of one run: each is printed where it is judged, and the misses again at the end. */
export class Goals {
  readonly #missed: string[] = [];

  /** `goal met` or `goal MISSED`, to be printed beside the figure. */
  judge(what: string, goal: string, met: boolean): string {
    if (!met) this.#missed.push(`${what}, goal ${goal}`);
    return `goal ${goal}: ${met ? 'met' : 'MISSED'}`;
  }

  summary(): string {
    if (this.#missed.length === 0) return 'Every goal is met.';
    return `Missed:\n${this.#missed.map((line) => `  ${line}`).join('\n')}`;
  }
}
