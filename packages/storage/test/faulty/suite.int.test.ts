import { testFaulty } from '@simfleet/testing';

testFaulty({
  title: 'the suite of the storage',
  beside: import.meta.url,
  accepts: ['healthy', 'healthy-shared'],
  least: 30,
});
