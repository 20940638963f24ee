import type { Container as KubernetesContainer, Pod as KubernetesPod } from 'kubernetes-types/core/v1.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explain } from '../../schemas/index.ts';
import type { Pod, PodContainer } from '../../schemas/index.ts';

/** Ours says `| undefined` where a field may be left out; their types were not written for exactOptionalPropertyTypes. */
type Exact<T> = T extends readonly (infer E)[]
  ? Exact<E>[]
  : T extends object
    ? { [K in keyof T]: Exact<Exclude<T[K], undefined>> }
    : T;

// These do not compile when a field of ours has another type than Kubernetes', and a file of ours would not run on a cluster.
const toKubernetes = (pod: Exact<Pod>): KubernetesPod => pod;
const toKubernetesContainer = (container: Exact<PodContainer>): KubernetesContainer => container;

/** Names of fields of `A` that `B` does not have. */
type Extra<A, B> = Exclude<keyof A, keyof B>;
const extraOfContainer: Extra<PodContainer, KubernetesContainer>[] = [];
const extraOfSpec: Extra<Pod['spec'], NonNullable<KubernetesPod['spec']>>[] = [];

test('a Pod of ours is a Pod of Kubernetes', () => {
  const pod: Exact<Pod> = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      containers: [{ name: 'a', image: 'b' }],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
    },
  };
  assert.is(toKubernetes(pod).spec?.containers[0]?.name, 'a');
  assert.type(toKubernetesContainer, 'function');
});

test('a Pod has no field that Kubernetes does not have', () => {
  // The types above are the proof; this keeps them in use.
  assert.equal([...extraOfContainer, ...extraOfSpec], []);
  const names = explain('pod.spec').fields.map(({ name }) => name);
  assert.not.ok(names.includes('state') || names.includes('network'));
});

test.run();
