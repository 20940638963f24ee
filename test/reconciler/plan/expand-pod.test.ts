import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandPod, needsNewNamespaces } from '../../../reconciler/plan/expand-pod.ts';
import { containerSpec } from '../../../schemas/index.ts';
import { podManifest } from '../../support/fake-process.ts';

const ID = 'c'.repeat(64);
const app = { name: 'app', image: 'localhost/demo:1' };

test('each member is a Container of its own, with a name that no Container can have', () => {
  const pod = podManifest('duo', { initContainers: [{ ...app, name: 'setup' }] });
  const members = expandPod(pod, ID);
  assert.equal(
    members.map(({ name, membership }) => [name, membership.init]),
    [
      ['duo.setup', true],
      ['duo.app', false],
    ],
  );
  for (const { spec } of members) assert.equal(containerSpec.parse(spec), spec, 'it is a valid spec');
});

test('a member takes from the pod what it does not say itself', () => {
  const pod = podManifest('duo', {
    terminationGracePeriodSeconds: 5,
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['db'] }],
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      supplementalGroups: [7, 8],
      fsGroup: 8,
      sysctls: [{ name: 'net.core.somaxconn', value: '1024' }],
    },
    containers: [{ ...app, securityContext: { runAsUser: 2000, readOnlyRootFilesystem: true } }],
  });
  const spec = expandPod(pod, ID)[0]?.spec;
  assert.equal(spec?.securityContext, { runAsUser: 2000, runAsGroup: 1000, readOnlyRootFilesystem: true });
  assert.equal(spec?.groups, ['7', '8']);
  assert.equal(spec?.sysctls, { 'net.core.somaxconn': '1024' });
  assert.is(spec?.terminationGracePeriodSeconds, 5);
  assert.is(spec?.hostname, 'duo');
  assert.equal(spec?.hostAliases, [{ ip: '10.0.0.1', hostnames: ['db'] }]);
});

test('a member has only the volumes that it mounts, so that a change of another one is none of its business', () => {
  const pod = podManifest('duo', {
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'other', emptyDir: {} },
    ],
    containers: [
      { ...app, volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      { ...app, name: 'side' },
    ],
  });
  assert.equal(
    expandPod(pod, ID).map(({ spec }) => spec.volumes?.map(({ name }) => name)),
    [['data'], undefined],
  );
});

test('an init container is tried again when it fails, unless the pod is never restarted, and is done when it succeeds', () => {
  const policyOf = (restartPolicy: string) =>
    expandPod(podManifest('duo', { restartPolicy, initContainers: [{ ...app, name: 'setup' }] }), ID).map(
      ({ spec }) => spec.restartPolicy,
    );
  assert.equal(policyOf('Always'), ['OnFailure', 'Always']);
  assert.equal(policyOf('OnFailure'), ['OnFailure', 'OnFailure']);
  assert.equal(policyOf('Never'), ['Never', 'Never']);
});

test("the pod holds what is not the host's, and holds it anew only when that changes", () => {
  const shared = (spec: Record<string, unknown>) =>
    expandPod(podManifest('duo', spec), ID)[0]?.membership.shared;
  assert.equal(shared({}), ['net', 'ipc', 'uts']);
  assert.equal(shared({ hostNetwork: true }), ['ipc', 'uts']);
  assert.equal(shared({ hostIPC: true }), ['net', 'uts']);
  const before = podManifest('duo');
  assert.not(needsNewNamespaces(before, podManifest('duo', { restartPolicy: 'Never' })));
  assert.ok(needsNewNamespaces(before, podManifest('duo', { hostNetwork: true })));
  assert.ok(needsNewNamespaces(before, podManifest('duo', { hostname: 'other' })));
});

test.run();
