// Speaks the protocol on uWebSockets.js. Bundled for the Node that the native binary is for.
import { serveSteered } from '../protocol/steered.ts';
import { serveChild } from './serve-child.ts';

void serveChild(serveSteered);
