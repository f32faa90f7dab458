// Serves the fixture of the contract suite on uWebSockets.js. Bundled for the Node that the native binary is for.
import { serveFixture } from '../../src/contract/fixture.ts';
import { serveChild } from './serve-child.ts';

void serveChild(serveFixture);
