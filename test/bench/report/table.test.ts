import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { format, writeTable } from '../../../bench/report/table.ts';
import { MACHINE, ROW } from './fixtures.ts';

test('a table names the machine, every figure beside ours, which promises are kept, and what is missing', () => {
  const table = writeTable([ROW, { name: 'export', skipped: 'no command' }], MACHINE);
  assert.is(
    table,
    `2026-01-02T03:04:05.000Z; 2 × Abacus, 24 GiB, Linux 6.18; node 20.20.2, podman 4.3.1.
Load average before 0.5 1 2, after 3 2 1.

| row                            | contender | median  | min  | max  | n   | ours ÷ it |
| ------------------------------ | --------- | ------- | ---- | ---- | --- | --------- |
| **start-one**: one <container> | tsctr     | 100 ms  | 90.0 | 130  | 3   |           |
|                                | podman    | 200 ms  | 180  | 260  | 3   | 0.50      |
|                                | runc      | 50.0 ms | 45.0 | 65.0 | 3   | 2.00      |

| row       | promise        | found  |       |
| --------- | -------------- | ------ | ----- |
| start-one | ≤ 0.6 × podman | 0.50 × | kept  |
| start-one | ≤ 1.5 × runc   | 2.00 × | short |
| start-one | ≤ 300 ms       | 100 ms | kept  |

- start-one: as it comes
- export: not measured: no command
`,
  );
});

test('numbers have three digits that mean something', () => {
  assert.equal([1234.5, 99.94, 9.999, 0.123].map(format), ['1235', '99.9', '10.00', '0.12']);
});

test.run();
