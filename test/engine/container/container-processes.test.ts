import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseStat } from '../../../engine/container/container-processes.ts';

test('fields are counted from after the name, whatever that holds', () => {
  const numbers = Array.from({ length: 49 }, (_, index) => String(index + 4));
  const fields = parseStat(`42 (a) S (b) S ${numbers.join(' ')}\n`);
  assert.equal(fields, {
    name: 'a) S (b',
    state: 'S',
    parentPid: 4,
    cpuTicks: 14 + 15,
    startTicks: 22,
    residentPages: 24,
  });
});

test.run();
