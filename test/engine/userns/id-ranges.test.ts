import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHostPaths } from '../../../engine/host-paths.ts';
import { IdRanges, rangesFrom } from '../../../engine/userns/id-ranges.ts';
import { intoContainer, intoHost } from '../../../engine/userns/id-translation.ts';
import { rejectionOf } from '../../support/rejection.ts';

async function withRanges(body: (open: () => IdRanges, directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'ids-'));
  const available = () => Promise.resolve([{ start: 100_000, size: 10_000 }]);
  try {
    await body(() => new IdRanges(createHostPaths(directory, directory), { available }), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('[spec.userns] ranges never overlap, also when asked for at once, and outlive the process', async () => {
  await withRanges(async (open) => {
    const ranges = open();
    const got = await Promise.all(['a', 'b', 'c'].map((holder) => ranges.allocate(holder, 3000)));
    assert.equal(got.map(({ start }) => start).sort(), [100_000, 103_000, 106_000]);
    assert.equal(await open().allocate('b', 5), got[1], 'the same again, whatever the size');
    const error = await rejectionOf(open().allocate('d', 3000));
    assert.match(error.message, /no free range of 3000/);
    await open().release('a');
    await open().release('a');
    assert.equal(await open().allocate('d', 3000), got[0]);
  });
});

test('[spec.userns] a damaged file is no reason to give a range away twice', async () => {
  await withRanges(async (open, directory) => {
    await open().allocate('a', 10);
    writeFileSync(path.join(directory, 'id-ranges.json'), '{"ranges": [{"holder": 1}]}');
    const error = await rejectionOf(open().allocate('b', 10));
    assert.match(error.message, /id-ranges\.json: it is damaged/);
  });
});

test('[spec.userns] ranges come from the lines for containers, else from what nobody else was given', () => {
  const given = 'user:100000:65536\ncontainers:2000000:5000\ncontainers:3000000:10\n';
  assert.equal(rangesFrom(given, 'containers:2001000:9000\n'), [{ start: 2_001_000, size: 4000 }]);
  const [first, second, ...rest] = rangesFrom('user:600000:65536\n', 'other:100000:65536\n');
  assert.equal(first, { start: 524_288, size: 75_712 });
  assert.equal(
    [second?.start, (second?.start ?? 0) + (second?.size ?? 0)],
    [665_536, 524_288 + 1_878_982_656],
  );
  assert.equal(rest, []);
});

test('[spec.userns] ids are translated both ways; one that is not mapped is nobody', () => {
  const mappings = [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 5000, size: 10 },
  ];
  const maps = { uidMappings: mappings, gidMappings: mappings };
  assert.equal(
    [0, 1, 10, 11].map((id) => intoHost(maps).uid(id)),
    [1000, 5000, 5009, 65_534],
  );
  assert.equal(
    [1000, 5009, 0, 5010].map((id) => intoContainer(maps).gid(id)),
    [0, 10, 65_534, 65_534],
  );
});

test.run();
