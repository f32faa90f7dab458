/** Says where the server is; `gc` on standard input collects garbage; ends with it. The program must run with `--expose-gc`. */
export const steered = (url: string): void => {
  console.log(url);
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', () => {
    for (let time = 0; time < 3; time += 1) globalThis.gc?.();
    console.log('collected');
  });
  process.stdin.on('end', () => process.exit(0));
};

/** What all servers serve. */
export const topic = 't';
export const subscriberPath = '/subscriber';
