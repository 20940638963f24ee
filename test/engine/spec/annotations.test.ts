import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { specInput, validSpec } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

test('[spec.annotations] creation time, stop signal and timeout, manager, image, and the manifest’s own', () => {
  const { annotations } = validSpec({
    request: { annotations: { 'example.com/own': 'kept', 'io.container.manager': 'other' } },
    spec: { stopSignal: 'SIGINT', terminationGracePeriodSeconds: 2.5 },
  });
  assert.equal(annotations, {
    'example.com/own': 'kept',
    'io.container.manager': 'tsctr',
    'org.opencontainers.image.stopSignal': '2',
    'org.systemd.property.KillSignal': '2',
    'org.systemd.property.TimeoutStopUSec': 'uint64 2500000',
    'dev.tsctr.name': 'web',
    'dev.tsctr.created': '2026-01-02T03:04:05.000Z',
    'dev.tsctr.image': 'localhost/demo',
  });
});

test('[spec.annotations] with systemd the processes are in the scope itself, which ends after what saves them', () => {
  const { annotations } = validSpec({
    host: { cgroups: 'v2', cgroupManager: 'systemd' },
    input: { monitorUnit: 'tsctr-monitors.scope' },
  });
  assert.is(annotations['run.oci.systemd.subgroup'], '');
  assert.is(annotations['org.systemd.property.Before'], "['tsctr-shutdown.service']");
  assert.is(annotations['org.systemd.property.After'], "['tsctr-monitors.scope']");
  assert.is(validSpec().annotations['run.oci.systemd.subgroup'], undefined);
});

const SIGNALS = [
  ['15', '15'],
  ['SIGTERM', '15'],
  ['usr1', '10'],
  ['SIGRTMIN+3', '37'],
  ['RTMAX-1', '63'],
] as const;

for (const [written, number] of SIGNALS) {
  test(`[spec.timezone-umask-init] the stop signal ${written} is ${number}`, () => {
    const { annotations } = validSpec({ input: { imageConfig: { Cmd: ['x'], StopSignal: written } } });
    assert.is(annotations['org.opencontainers.image.stopSignal'], number);
  });
}

test('[spec.timezone-umask-init] an unknown stop signal is refused with its name', () => {
  for (const StopSignal of ['SIGNOPE', '0', '65', 'RTMIN-1', 'RTMAX+1', 'toString']) {
    const run = (): unknown => buildSpec(specInput({ input: { imageConfig: { Cmd: ['x'], StopSignal } } }));
    assertRefused(run, 'BAD_REQUEST', 'container web', JSON.stringify(StopSignal));
  }
});

test.run();
