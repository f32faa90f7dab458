import { testFaulty } from '@simfleet/testing';

testFaulty({ title: 'the suite of limits', beside: import.meta.url, accepts: ['healthy'], least: 15 });
