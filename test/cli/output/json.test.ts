import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toList, toObject } from '../../../cli/output/json.ts';
import { viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import { ago, containerRecord, ID, memberRecord, MINUTE, NOW, podRecord } from '../support/records.ts';

/** The object as a reader of the JSON sees it. */
function read(value: object): Record<string, Record<string, unknown>> {
  return JSON.parse(JSON.stringify(value)) as Record<string, Record<string, unknown>>;
}

test('a container is an object of Kubernetes with its process in status', () => {
  const object = read(toObject(viewContainer(containerRecord('web'), NOW)));
  assert.equal(Object.keys(object), ['apiVersion', 'kind', 'metadata', 'spec', 'status']);
  assert.is(object['metadata']?.['creationTimestamp'], ago(3 * MINUTE));
  assert.equal(object['metadata']?.['labels'], { app: 'web' });
  const status = object['status'] ?? {};
  assert.is(status['state'], 'Running');
  assert.is(status['pid'], 4242);
  assert.is(status['containerID'], ID);
  assert.is(status['startedAt'], ago(3 * MINUTE));
  assert.is(status['exitCode'], null);
  assert.equal(
    (status['conditions'] as { type: string }[]).map(({ type }) => type),
    ['Ready', 'AsWished'],
  );
});

test('the exit of an earlier run is not shown as that of a running container', () => {
  const exit = { code: 1, finishedAt: ago(5 * MINUTE), oomKilled: true };
  const running = read(toObject(viewContainer(containerRecord('web', { exit }), NOW)))['status'] ?? {};
  assert.equal([running['exitCode'], running['finishedAt'], running['oomKilled']], [null, null, false]);
  const ended = containerRecord('web', { exit, state: 'Exited', pid: null });
  const status = read(toObject(viewContainer(ended, NOW)))['status'] ?? {};
  assert.equal([status['exitCode'], status['finishedAt'], status['oomKilled']], [1, ago(5 * MINUTE), true]);
});

test('a pod has its containers under their own names, init containers apart', () => {
  const pod = podRecord('db', ['server']);
  pod.manifest.spec.initContainers = [{ name: 'setup', image: 'x' }];
  const members = [memberRecord('db', 'setup', { state: 'Exited' }), memberRecord('db', 'server')];
  const status = read(toObject(viewPod(pod, members, NOW)))['status'] ?? {};
  const names = (list: unknown): string[] => (list as { name: string }[]).map(({ name }) => name);
  assert.equal(names(status['containerStatuses']), ['server']);
  assert.equal(names(status['initContainerStatuses']), ['setup']);
  assert.is(status['phase'], 'Running');
});

test('several are a List', () => {
  const list = read(
    toList([viewContainer(containerRecord('a'), NOW), viewContainer(containerRecord('b'), NOW)]),
  );
  assert.is(list['kind'], 'List');
  assert.is((list['items'] as unknown as object[]).length, 2);
});

test.run();
