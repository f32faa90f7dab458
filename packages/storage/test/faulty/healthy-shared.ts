import { sharedOpener } from './shared.ts';

export const openAt = sharedOpener((handle) => handle);
