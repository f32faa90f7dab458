/** The indexes of a Job's `failedIndexes` or `completedIndexes`, such as "1,3-5,7". What is out of shape is passed over. */
export const readIndexes = (text: string | undefined): readonly number[] =>
  (text ?? '').split(',').flatMap((part) => {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    if (first === undefined) return [];
    const from = Number(first);
    const to = Number(last ?? first);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
