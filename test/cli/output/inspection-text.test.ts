import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatInspection } from '../../../cli/output/inspection-text.ts';
import { inspectCheckpoint } from '../../../engine/index.ts';
import type { Inspection } from '../../../engine/index.ts';
import { createLinuxKernel } from '../../../native/index.ts';

const SAMPLE = path.join(
  import.meta.dirname,
  '../../fixtures/checkpoint-samples/podman-checkpoint-c1.tar.zst',
);

async function inspection(): Promise<Inspection> {
  return inspectCheckpoint(createLinuxKernel(), SAMPLE);
}

test('when it was made, what of, and how large its parts are', async () => {
  const text = formatInspection(await inspection());
  assert.match(text, /^Made: +2026-11-22T13:49:48\.000Z, by podman, CRIU 4\.1 or newer$/m);
  assert.match(text, /^Container: +ifc-c1, created 2026-11-22T13:49:45\.757343147Z$/m);
  assert.match(
    text,
    /^Size: .*memory 136 KiB, changed files 6\.5 KiB, \/dev\/shm 2\.5 KiB, volume ifc-cv 3\.5 KiB$/m,
  );
});

test('sockets as people write them', async () => {
  const text = formatInspection({
    ...(await inspection()),
    sockets: [
      { family: 'inet', kind: 'tcp', local: '10.0.0.1:80', remote: '10.0.0.2:4711', state: 'established' },
      { family: 'inet', kind: 'udp', local: '[::]:53', remote: null, state: 'closed' },
      { family: 'unix', kind: 'stream', name: '/run/a.sock', external: true, state: 'listening' },
    ],
  });
  for (const line of [
    '  tcp 10.0.0.1:80 → 10.0.0.2:4711  established',
    '  udp [::]:53  closed',
    '  unix stream /run/a.sock  listening, its other end is outside',
  ]) {
    assert.ok(text.split('\n').includes(line), text);
  }
});

test.run();
