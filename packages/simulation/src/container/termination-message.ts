import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Where Kubernetes reads why a container ended; it is there in pods only. */
export const terminationLog = '/dev/termination-log';
/** Bytes that Kubernetes takes of it. */
const longest = 4096;

/** Leaves the message where `kubectl describe pod` shows it. The file is never made: outside of a pod nobody would read it. */
export const leaveTerminationMessage = async (message: string, path: string = terminationLog): Promise<void> => {
  const bytes = Buffer.from(message, 'utf8').subarray(0, longest);
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_TRUNC);
    await file.writeFile(bytes).finally(() => file.close());
  } catch {
    // Not a pod, or a message of a pod that has no room for it: the exit code and the output say the same.
  }
};
