import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HOST_FILES } from '../../engine/host-files.ts';
import { linesOf } from '../support/run-to-end.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

/** Gives the engine CDI directories of its own, the later one before the earlier. */
function giveCdi(engine: TestEngine, ...documents: Record<string, string>[]): void {
  const cdi = documents.map((files, index) => {
    const directory = path.join(engine.directory, `cdi-${String(index)}`);
    mkdirSync(directory);
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
    return directory;
  });
  Object.assign(engine.parts, { hostFiles: { ...HOST_FILES, cdi } });
}

const WIDGET = (label: string) => `
cdiVersion: 0.6.0
kind: example.com/widget
containerEdits:
  env: [WIDGETS=${label}]
devices:
  - name: one
    containerEdits:
      env: [WIDGET=one]
      deviceNodes: [{ path: /dev/widget, hostPath: /dev/zero, permissions: rw }]
      additionalGids: [4711]
`;

test('[spec.devices] a CDI device brings its node, variables, mounts and groups into the container', async () => {
  await withEngine(async (engine) => {
    const shared = path.join(engine.directory, 'shared');
    writeFileSync(shared, 'of the host\n');
    const mount = `      mounts: [{ hostPath: ${shared}, containerPath: /opt/shared, options: [ro] }]\n`;
    giveCdi(engine, { 'widget.yaml': WIDGET('vendor') }, { 'widget.yaml': WIDGET('admin') + mount });
    const ask = 'echo $WIDGET $WIDGETS; head -c 3 /dev/widget | od -An -tx1; cat /opt/shared; id -G';
    const request = engine.request(ask, { cdiDevices: ['example.com/widget=one'] });
    assert.equal(await linesOf(engine, request), ['one admin', ' 00 00 00', 'of the host', '0 4711']);
  });
});

test('[spec.devices] a CDI device that is missing, and files that are broken, are named', async () => {
  await withEngine(async (engine) => {
    giveCdi(engine, { 'widget.yaml': WIDGET('x'), 'broken.json': '{"cdiVersion": "0.6.0"}' });
    const error = await rejectionOf(
      engine.containers.create(engine.request('true', { cdiDevices: ['example.com/widget=two'] })),
    );
    assert.match(error.message, /example\.com\/widget=two.*broken\.json: kind/);
  });
});

test('[spec.devices] host devices with their permissions, a directory of them, and a missing one', async () => {
  await withEngine(async (engine) => {
    const ask = '(: < /dev/x) && echo read; (: > /dev/x) 2> /dev/null && echo written; true';
    const device = { hostPath: '/dev/fuse', containerPath: '/dev/x' };
    const readOnly = engine.request(ask, { devices: [{ ...device, permissions: 'r' }] });
    assert.equal(
      await linesOf(engine, readOnly),
      ['read'],
      'the device cgroup refuses what was not asked for',
    );
    const both = engine.request(ask, { devices: [{ ...device, permissions: 'rw' }] });
    assert.equal(await linesOf(engine, both), ['read', 'written']);
    const directory = engine.request('ls /dev/net', { devices: [{ hostPath: '/dev/net' }] });
    assert.equal(await linesOf(engine, directory), ['tun']);
    const missing = await rejectionOf(
      engine.containers.create(engine.request('true', { devices: [{ hostPath: '/dev/no-such-device' }] })),
    );
    assert.match(missing.message, /\/dev\/no-such-device/);
  });
});

test.run();
