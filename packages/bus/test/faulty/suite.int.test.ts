import { testFaulty } from '@simfleet/testing';

testFaulty({ title: 'the suite of the bus', beside: import.meta.url, accepts: ['healthy'], least: 3 });
