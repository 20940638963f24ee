import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changeCrunStatus, changeRuncState } from '../../../../engine/checkpoint/restore/runtime-state.ts';

const restored = { pid: 42, startTicks: 777, descriptors: ['/dev/null', 'pipe:[1]', 'pipe:[2]'] };

test('[restore.after] the state of runc is pointed at the restored process, and nothing else is touched', () => {
  const text =
    '{"id":"x","init_process_pid":7,"init_process_start":8,"config":{"rlimits":[{"hard":18446744073709551615}],' +
    '"labels":["a=\\"init_process_pid\\":5"]},"namespace_paths":{"NEWIPC":"/proc/7/ns/ipc","NEWNS":"/proc/7/ns/mnt"},' +
    '"external_descriptors":["/dev/null","pipe:[88]","pipe:[89]"],"intel_rdt_path":""}';
  assert.is(
    changeRuncState(text, restored),
    '{"id":"x","init_process_pid":42,"init_process_start":777,"config":{"rlimits":[{"hard":18446744073709551615}],' +
      '"labels":["a=\\"init_process_pid\\":5"]},"namespace_paths":{"NEWIPC":"/proc/42/ns/ipc","NEWNS":"/proc/42/ns/mnt"},' +
      '"external_descriptors":["/dev/null","pipe:[1]","pipe:[2]"],"intel_rdt_path":""}',
  );
});

test('[restore.after] the status of crun has the descriptors as JSON in a string', () => {
  const text =
    '{"pid" : 7, "process-start-time" : 8, "bundle":"/b", "external_descriptors":"[\\"/dev/null\\",\\"pipe:[88]\\"]"}';
  const changed = JSON.parse(changeCrunStatus(text, restored)) as Record<string, unknown>;
  assert.is(changed['pid'], 42);
  assert.is(changed['process-start-time'], 777);
  assert.is(changed['bundle'], '/b');
  assert.equal(JSON.parse(String(changed['external_descriptors'])), restored.descriptors);
});

test('a state of an unknown form is refused', () => {
  assert.throws(() => changeRuncState('{"id":"x"}', restored), /found no "init_process_pid"/);
});

test.run();
