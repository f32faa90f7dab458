// Loaded into the process of every test file: one that does not end fails and says what keeps it, instead of holding up everything for ever.
const limitMinutes = process.env['SIMFLEET_CHAOS'] === undefined ? 15 : 60;

setTimeout(() => {
  const held = process.getActiveResourcesInfo().join(', ');
  console.error(`${process.argv[1] ?? 'this file'} has not ended after ${limitMinutes} minutes; it holds ${held}`);
  process.exit(1);
}, limitMinutes * 60_000).unref();
