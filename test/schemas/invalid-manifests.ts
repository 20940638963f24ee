/**
 * Manifests that must be refused, and the exact place and words for each: `line:column field: message`. Lines count within the
 * text that the helpers make: the first line of `container` and `pod` is line 6, indented by two.
 */
export interface InvalidManifest {
  title: string;
  text: string;
  problems: string[];
}

const lines = (...all: string[]): string => `${all.join('\n')}\n`;
const inSpec = (spec: string[]): string[] => spec.map((line) => `  ${line}`);

/** A Container of whose spec these are the lines. */
export function container(...spec: string[]): string {
  return lines(
    'apiVersion: tsctr.dev/v1',
    'kind: Container',
    'metadata:',
    '  name: web',
    'spec:',
    ...inSpec(spec),
  );
}

/** The same for a Pod. */
export function pod(...spec: string[]): string {
  return lines('apiVersion: v1', 'kind: Pod', 'metadata:', '  name: web', 'spec:', ...inSpec(spec));
}

const IMAGE = 'image: localhost/demo:1';

export const INVALID_MANIFESTS: InvalidManifest[] = [
  {
    title: 'a field with swapped letters',
    text: container(IMAGE, 'comamnd: [sh]'),
    problems: ['7:3 spec.comamnd: unknown field, did you mean `command`?'],
  },
  {
    title: 'a field that nothing resembles',
    text: container(IMAGE, 'zzz: 1'),
    problems: ['7:3 spec.zzz: unknown field'],
  },
  {
    title: 'a restore from two places',
    text: container(IMAGE, 'restore: { from: { archive: /a.tar, image: localhost/a:1 } }'),
    problems: ['7:46 spec.restore.from.image: expected only one of archive and image'],
  },
  {
    title: 'an archive with a pull policy',
    text: container(IMAGE, 'restore: { from: { archive: /a.tar, imagePullPolicy: Always } }'),
    problems: ['7:56 spec.restore.from.imagePullPolicy: an archive is not pulled: remove this'],
  },
  {
    title: 'a nested unknown field',
    text: container(IMAGE, 'resources:', '  limits:', '    memroy: 64Mi'),
    problems: ['9:7 spec.resources.limits.memroy: unknown field, did you mean `memory`?'],
  },
  {
    title: 'an unknown field in a flow mapping',
    text: container(IMAGE, 'ports: [{ containerPort: 80, hostport: 80 }]'),
    problems: ['7:32 spec.ports[0].hostport: unknown field, did you mean `hostPort`?'],
  },
  {
    title: 'a field at the wrong level',
    text: lines(
      'apiVersion: tsctr.dev/v1',
      'kind: Container',
      'name: web',
      'metadata: { name: web }',
      'spec: { image: a }',
    ),
    problems: ['3:1 name: unknown field here, it belongs to metadata.name'],
  },
  {
    title: 'a Kubernetes field for clusters',
    text: pod('nodeSelector: { disk: ssd }', 'containers: [{ name: a, image: b }]'),
    problems: ['6:3 spec.nodeSelector: is a Kubernetes field that one host has no use for: remove it'],
  },
  {
    title: 'a Kubernetes field that is to come',
    text: pod('containers:', '  - name: a', '    image: b', '    lifecycle: {}'),
    problems: ['9:7 spec.containers[0].lifecycle: not supported yet: remove it'],
  },
  {
    title: 'a volume source that is to come',
    text: container(IMAGE, 'volumes:', '  - name: a', '    csi: { driver: b }'),
    problems: ['9:7 spec.volumes[0].csi: not supported yet: remove it'],
  },
  {
    title: 'what only a cluster has a use for',
    text: lines(
      'apiVersion: v1',
      'kind: Pod',
      'metadata:',
      '  name: web',
      '  generateName: web-',
      'spec:',
      '  containers: [{ name: a, image: b }]',
    ),
    problems: ['5:3 metadata.generateName: is a Kubernetes field that one host has no use for: remove it'],
  },
  {
    title: 'a field of ours in a Pod',
    text: pod('containers:', '  - name: a', '    image: b', '    ulimits: []'),
    problems: [
      "9:7 spec.containers[0].ulimits: is a field of kind Container, a Pod has Kubernetes' own fields only",
    ],
  },
  {
    title: 'a number for a string',
    text: container(IMAGE, 'hostname: 12'),
    problems: ['7:13 spec.hostname: expected a string, found 12: put it in quotes, "12"'],
  },
  {
    title: 'a string for a number',
    text: container(IMAGE, 'ports:', '  - containerPort: "80"'),
    problems: ['8:22 spec.ports[0].containerPort: expected a number, found "80"'],
  },
  {
    title: 'a fraction for a whole number',
    text: container(IMAGE, 'oomScoreAdj: 1.5'),
    problems: ['7:16 spec.oomScoreAdj: expected a whole number, found 1.5'],
  },
  {
    title: 'a string for a list',
    text: container(IMAGE, 'command: sh -c true'),
    problems: ['7:12 spec.command: expected a list, found "sh -c true"'],
  },
  {
    title: 'a list for a mapping',
    text: container(IMAGE, 'resources: [1]'),
    problems: ['7:14 spec.resources: expected a mapping, found a list'],
  },
  {
    title: 'a block mapping for a list',
    text: container(IMAGE, 'command:', '  a: b', '  c: d'),
    problems: ['7:3 spec.command: expected a list, found a mapping'],
  },
  {
    title: 'a string for a boolean',
    text: container(IMAGE, 'tty: yes'),
    problems: ['7:8 spec.tty: expected true or false, found "yes"'],
  },
  {
    title: 'a value out of range',
    text: container(IMAGE, 'ports:', '  - containerPort: 70000'),
    problems: ['8:22 spec.ports[0].containerPort: expected at most 65535, found 70000'],
  },
  {
    title: 'a negative duration',
    text: container(IMAGE, 'terminationGracePeriodSeconds: -1'),
    problems: ['7:34 spec.terminationGracePeriodSeconds: expected at least 0, found -1'],
  },
  {
    title: 'an enumeration in the wrong case',
    text: container(IMAGE, 'restartPolicy: always'),
    problems: [
      '7:18 spec.restartPolicy: expected one of Always, OnFailure, Never, UnlessStopped, found "always", did you mean `Always`?',
    ],
  },
  {
    title: 'a value of no enumeration',
    text: container(IMAGE, 'state: Sleeping'),
    problems: ['7:10 spec.state: expected one of Running, Paused, Stopped, Checkpointed, found "Sleeping"'],
  },
  {
    title: 'a name with upper case',
    text: lines(
      'apiVersion: tsctr.dev/v1',
      'kind: Container',
      'metadata: { name: Web }',
      'spec: { image: a }',
    ),
    problems: [
      '3:19 metadata.name: must be a lower-case RFC 1123 label: letters, digits and `-`, not at either end, found "Web"',
    ],
  },
  {
    title: 'a name too long',
    text: lines(
      'apiVersion: tsctr.dev/v1',
      'kind: Container',
      'metadata: { name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }',
      'spec: { image: a }',
    ),
    problems: ['3:19 metadata.name: expected at most 63 characters, found 64'],
  },
  {
    title: 'a missing name',
    text: lines(
      'apiVersion: tsctr.dev/v1',
      'kind: Container',
      'metadata:',
      '  labels: {}',
      'spec: { image: a }',
    ),
    problems: ['3:1 metadata.name: missing, expected a string'],
  },
  {
    title: 'a missing spec',
    text: lines('apiVersion: tsctr.dev/v1', 'kind: Container', 'metadata: { name: a }'),
    problems: ['1:1 spec: missing, expected a mapping'],
  },
  {
    title: 'a missing field in a list',
    text: pod('containers:', '  - name: a', '    image: b', '  - image: c'),
    problems: ['9:7 spec.containers[1].name: missing, expected a string'],
  },
  {
    title: 'an empty list of containers',
    text: pod('containers: []'),
    problems: ['6:15 spec.containers: expected at least 1 entry, found an empty list'],
  },
  {
    title: 'a field that must not be empty',
    text: pod('containers:'),
    problems: ['6:3 spec.containers: expected a list, found nothing'],
  },
  {
    title: 'a missing kind',
    text: lines('apiVersion: v1', 'metadata: { name: a }'),
    problems: [
      '1:1 kind: missing, expected one of Container, Pod, ConfigMap, Secret, Volume, PersistentVolumeClaim, Checkpoint',
    ],
  },
  {
    title: 'a missing apiVersion',
    text: lines('kind: Pod', 'metadata: { name: a }'),
    problems: ['1:1 apiVersion: missing, expected v1 for kind Pod'],
  },
  {
    title: 'a kind that is nearly right',
    text: lines('apiVersion: tsctr.dev/v1', 'kind: container'),
    problems: [
      '2:7 kind: expected one of Container, Pod, ConfigMap, Secret, Volume, PersistentVolumeClaim, Checkpoint, found "container", did you mean `Container`?',
    ],
  },
  {
    title: 'a kind of the cluster',
    text: lines('apiVersion: v1', 'kind: Service'),
    problems: ['2:7 kind: Service is a Kubernetes kind that one host has no use for: remove this document'],
  },
  {
    title: 'a kind that is to come',
    text: lines('apiVersion: apps/v1', 'kind: Deployment'),
    problems: [
      '2:7 kind: Deployment is not supported yet, expected one of Container, Pod, ConfigMap, Secret, Volume, PersistentVolumeClaim, Checkpoint',
    ],
  },
  {
    title: 'the apiVersion of the other kind',
    text: lines('apiVersion: v1', 'kind: Container'),
    problems: ['1:13 apiVersion: expected tsctr.dev/v1 for kind Container, found "v1"'],
  },
  {
    title: 'a document that is a list',
    text: lines('- a', '- b'),
    problems: ['1:1 : expected a mapping with apiVersion, kind, metadata and spec, found a list'],
  },
  {
    title: 'a document that is a string',
    text: lines('hello'),
    problems: ['1:1 : expected a mapping with apiVersion, kind, metadata and spec, found "hello"'],
  },
  {
    title: 'a relative path',
    text: container(IMAGE, 'workingDir: app'),
    problems: ['7:15 spec.workingDir: must be an absolute path, found "app"'],
  },
  {
    title: 'a quantity with a wrong suffix',
    text: container(IMAGE, 'resources: { limits: { memory: 64MB } }'),
    problems: ['7:34 spec.resources.limits.memory: expected a quantity such as 64Mi or 500m, found "64MB"'],
  },
  {
    title: 'an octal number for umask',
    text: container(IMAGE, 'umask: 0022'),
    problems: ['7:10 spec.umask: expected a string, found 0022: put it in quotes, "0022"'],
  },
  {
    title: 'an environment variable with a number',
    text: container(IMAGE, 'env:', '  - name: PORT', '    value: 8080'),
    problems: ['9:14 spec.env[0].value: expected a string, found a number: put it in quotes'],
  },
  {
    title: 'an environment name with =',
    text: container(IMAGE, 'env:', '  - { name: A=B, value: c }'),
    problems: [
      '8:15 spec.env[0].name: must be the name of an environment variable: not empty, without `=`, found "A=B"',
    ],
  },
  {
    title: 'a label with a number',
    text: lines(
      'apiVersion: v1',
      'kind: Pod',
      'metadata:',
      '  name: a',
      '  labels: { app.example/tier: 1 }',
      'spec:',
      '  containers: [{ name: a, image: b }]',
    ),
    problems: ['5:31 metadata.labels[app.example/tier]: expected a string, found 1: put it in quotes, "1"'],
  },
  {
    title: 'an error behind an alias',
    text: container('image: &i ""', 'hostname: *i'),
    problems: [
      '6:13 spec.image: expected at least 1 character, found an empty string',
      '7:13 spec.hostname: must be letters, digits, `-` and `.`, beginning and ending with a letter or digit, found an empty string',
    ],
  },
  {
    title: 'an error behind a merge key',
    text: lines(
      'apiVersion: v1',
      'kind: Pod',
      'metadata: { name: a }',
      'spec:',
      '  containers:',
      '    - &base',
      '      name: a',
      '      image: b',
      '      tty: 1',
      '    - <<: *base',
      '      name: c',
    ),
    problems: [
      '9:12 spec.containers[0].tty: expected true or false, found 1',
      '9:12 spec.containers[1].tty: expected true or false, found 1',
    ],
  },
  {
    title: 'an error in the second document',
    text: lines(
      'apiVersion: tsctr.dev/v1',
      'kind: Container',
      'metadata:',
      '  name: web',
      'spec:',
      '  image: localhost/demo:1',
      '---',
      '# nothing',
      '---',
      'apiVersion: tsctr.dev/v1',
      'kind: Container',
      'metadata:',
      '  name: web',
      'spec:',
      '  image: localhost/demo:1',
      '  comand: []',
    ),
    problems: ['16:3 spec.comand: unknown field, did you mean `command`?'],
  },
  {
    title: 'an error in JSON',
    text: lines(
      '{',
      '\t"apiVersion": "v1",',
      '\t"kind": "Pod",',
      '\t"metadata": {"name": "a"},',
      '\t"spec": {"containers": [], "x": 1}',
      '}',
    ),
    problems: [
      '5:25 spec.containers: expected at least 1 entry, found an empty list',
      '5:29 spec.x: unknown field',
    ],
  },
  {
    title: 'neither image nor rootfs',
    text: container('command: [sh]'),
    problems: ['5:1 spec: the root filesystem is missing: expected image or rootfs'],
  },
  {
    title: 'image and rootfs',
    text: container(IMAGE, 'rootfs: /srv/root'),
    problems: ['7:11 spec.rootfs: expected only one of image and rootfs'],
  },
  {
    title: 'a pull policy for a rootfs',
    text: container('rootfs: /srv/root', 'imagePullPolicy: Always'),
    problems: ['7:20 spec.imagePullPolicy: a container with rootfs has no image to pull: remove one of them'],
  },
  {
    title: 'an image reference with upper case',
    text: container('image: Demo'),
    problems: [
      '6:10 spec.image: the name is not valid at "Demo": expected lower-case letters and digits, between them `.`, `_`, `-` (no upper case), found "Demo"',
    ],
  },
  {
    title: 'an image with a bad tag',
    text: container('image: "demo:"'),
    problems: [
      '6:10 spec.image: the tag is not valid: expected up to 128 letters, digits, `_`, `.` and `-`, found "demo:"',
    ],
  },
  {
    title: 'an image transport that is not there',
    text: container('image: docker-daemon:demo'),
    problems: [
      '6:10 spec.image: the transport docker-daemon is not supported: expected a name, or one of docker://, oci:, oci-archive:, docker-archive:, dir:, found "docker-daemon:demo"',
    ],
  },
  {
    title: 'a relative archive',
    text: container('image: oci:demo'),
    problems: ['6:10 spec.image: expected an absolute path after oci:, found "demo"'],
  },
  {
    title: 'a volumeMount without its volume',
    text: container(
      IMAGE,
      'volumeMounts:',
      '  - { name: dta, mountPath: /data }',
      'volumes:',
      '  - { name: data, emptyDir: {} }',
    ),
    problems: ['8:15 spec.volumeMounts[0].name: no volume is called `dta`, did you mean `data`?'],
  },
  {
    title: 'a volumeMount without any volume',
    text: container(IMAGE, 'volumeMounts:', '  - { name: data, mountPath: /data }'),
    problems: ['8:15 spec.volumeMounts[0].name: no volume is called `data`: spec.volumes is empty'],
  },
  {
    title: 'two volumes of one name',
    text: container(
      IMAGE,
      'volumes:',
      '  - { name: data, emptyDir: {} }',
      '  - { name: data, hostPath: { path: /srv } }',
    ),
    problems: ['9:15 spec.volumes[1].name: a volume `data` stands above already'],
  },
  {
    title: 'two mounts on one path',
    text: container(
      IMAGE,
      'volumes:',
      '  - { name: data, emptyDir: {} }',
      'volumeMounts:',
      '  - { name: data, mountPath: /data }',
      '  - { name: data, mountPath: /data/ }',
    ),
    problems: ['11:32 spec.volumeMounts[1].mountPath: something else is mounted on /data/ already'],
  },
  {
    title: 'a tmpfs where a volume is',
    text: container(
      IMAGE,
      'volumes:',
      '  - { name: data, emptyDir: {} }',
      'volumeMounts:',
      '  - { name: data, mountPath: /data }',
      'tmpfs:',
      '  - mountPath: /data',
    ),
    problems: ['12:18 spec.tmpfs[0].mountPath: something else is mounted on /data already'],
  },
  {
    title: 'a mount over the root',
    text: container(IMAGE, 'tmpfs:', '  - mountPath: //'),
    problems: ['8:18 spec.tmpfs[0].mountPath: nothing can be mounted over the root filesystem'],
  },
  {
    title: 'a volume with two sources',
    text: container(IMAGE, 'volumes:', '  - name: data', '    emptyDir: {}', '    hostPath: { path: /srv }'),
    problems: ['10:17 spec.volumes[0].hostPath: expected only one of emptyDir and hostPath'],
  },
  {
    title: 'a data volume whose files lead out',
    text: container(
      IMAGE,
      'volumes:',
      '  - name: data',
      '    configMap: { name: a, items: [{ key: a, path: ../b }] }',
      '  - name: down',
      '    downwardAPI: { items: [{ path: /b, fieldRef: { fieldPath: metadata.name } }, { path: c }] }',
    ),
    problems: [
      '9:53 spec.volumes[0].configMap.items[0].path: expected a path without `..`, found "../b"',
      '11:38 spec.volumes[1].downwardAPI.items[0].path: expected a path within the volume, found "/b"',
      '11:84 spec.volumes[1].downwardAPI.items[1]: the value is missing: expected fieldRef or resourceFieldRef',
    ],
  },
  {
    title: 'a projected source of two kinds',
    text: container(
      IMAGE,
      'volumes:',
      '  - name: data',
      '    projected: { sources: [{ configMap: { name: a }, secret: { name: b } }] }',
    ),
    problems: ['9:64 spec.volumes[0].projected.sources[0].secret: expected only one of configMap and secret'],
  },
  {
    title: 'an image volume without a right reference',
    text: container(IMAGE, 'volumes:', '  - name: data', '    image: { reference: "A B" }'),
    problems: [
      '9:27 spec.volumes[0].image.reference: the name is not valid at "A B": expected lower-case letters and digits, between them `.`, `_`, `-` (no upper case), found "A B"',
    ],
  },
  {
    title: 'a path within a volume twice, and recursion without readOnly',
    text: container(
      IMAGE,
      'volumes: [{ name: v, emptyDir: {} }]',
      'volumeMounts:',
      '  - { name: v, mountPath: /v, subPath: a, subPathExpr: b }',
      '  - { name: v, mountPath: /w, recursiveReadOnly: Enabled }',
    ),
    problems: [
      '9:58 spec.volumeMounts[0].subPathExpr: subPath says this already: remove one of them',
      '10:52 spec.volumeMounts[1].recursiveReadOnly: only a mount with `readOnly: true` can be that',
    ],
  },
  {
    title: 'user namespaces that contradict themselves',
    text: container(IMAGE, 'privileged: true', 'userns: { mode: auto, container: a }'),
    problems: [
      "8:19 spec.userns.mode: a privileged container has the host's users: remove one of them",
      '8:36 spec.userns.container: mode auto has no use for it: remove it or change the mode',
    ],
  },
  {
    title: 'maps that overlap',
    text: container(
      IMAGE,
      'userns:',
      '  mode: map',
      '  uidMappings:',
      '    - { containerID: 0, hostID: 1000, size: 10 }',
      '    - { containerID: 5, hostID: 2000, size: 10 }',
    ),
    problems: ['11:9 spec.userns.uidMappings[1]: it overlaps with a line above'],
  },
  {
    title: 'users of its own with the network of the host',
    text: pod('hostUsers: false', 'hostNetwork: true', 'containers: [{ name: a, image: b }]'),
    problems: [
      '7:16 spec.hostNetwork: spec.hostUsers is false: a pod with users of its own has nothing of the host',
    ],
  },
  {
    title: 'a volume without a source',
    text: container(IMAGE, 'volumes:', '  - name: data'),
    problems: [
      '8:7 spec.volumes[0]: the source of the volume is missing: expected emptyDir, hostPath, persistentVolumeClaim, configMap, secret, downwardAPI, projected or image',
    ],
  },
  {
    title: 'a path that leads up',
    text: container(
      IMAGE,
      'volumes:',
      '  - { name: data, emptyDir: {} }',
      'volumeMounts:',
      '  - { name: data, mountPath: /data, subPath: ../etc }',
    ),
    problems: ['10:48 spec.volumeMounts[0].subPath: expected a path without `..`, found "../etc"'],
  },
  {
    title: 'two containers of one name in a pod',
    text: pod('initContainers:', '  - { name: a, image: b }', 'containers:', '  - { name: a, image: c }'),
    problems: ['9:15 spec.containers[0].name: the pod has another container `a` already'],
  },
  {
    title: 'a pod container without an image',
    text: pod('containers:', '  - name: a'),
    problems: ['7:7 spec.containers[0].image: missing, expected an image reference'],
  },
  {
    title: 'a probe of an init container',
    text: pod(
      'initContainers:',
      '  - { name: a, image: b, livenessProbe: { exec: { command: [c] } } }',
      'containers:',
      '  - { name: c, image: c }',
    ),
    problems: ['7:43 spec.initContainers[0].livenessProbe: an init container cannot have a probe: remove it'],
  },
  {
    title: 'a probe that does nothing',
    text: container(IMAGE, 'livenessProbe:', '  periodSeconds: 5'),
    problems: ['7:3 spec.livenessProbe: what the probe does is missing: expected exec, httpGet or tcpSocket'],
  },
  {
    title: 'a probe that does two things',
    text: container(IMAGE, 'livenessProbe:', '  exec: { command: [a] }', '  tcpSocket: { port: 80 }'),
    problems: ['9:16 spec.livenessProbe.tcpSocket: expected only one of exec and tcpSocket'],
  },
  {
    title: 'a probe of a port that has no such name',
    text: container(
      IMAGE,
      'ports:',
      '  - { name: http, containerPort: 80 }',
      'readinessProbe:',
      '  httpGet: { port: htp }',
    ),
    problems: ['10:22 spec.readinessProbe.httpGet.port: no port is called `htp`, did you mean `http`?'],
  },
  {
    title: 'a liveness probe that must succeed twice',
    text: container(IMAGE, 'livenessProbe:', '  exec: { command: [a] }', '  successThreshold: 2'),
    problems: ['9:23 spec.livenessProbe.successThreshold: expected 1 for a livenessProbe, found 2'],
  },
  {
    title: 'a request over the limit',
    text: container(IMAGE, 'resources:', '  requests: { memory: 128Mi }', '  limits: { memory: 64Mi }'),
    problems: ['8:25 spec.resources.requests.memory: expected at most the limit 64Mi, found 128Mi'],
  },
  {
    title: 'a host port twice',
    text: container(
      IMAGE,
      'hostNetwork: true',
      'ports:',
      '  - { containerPort: 80, hostPort: 80 }',
      '  - { containerPort: 80, hostPort: 80 }',
    ),
    problems: ['10:38 spec.ports[1].hostPort: host port 80/TCP is published a second time'],
  },
  {
    title: 'a host port without a network',
    text: container(IMAGE, 'ports:', '  - { containerPort: 80, hostPort: 8080 }'),
    problems: [
      '8:38 spec.ports[0].hostPort: the network is none, from which no port can be published: remove it, or use the network of the host (hostNetwork: true)',
    ],
  },
  {
    title: 'another host port on the network of the host',
    text: pod(
      'hostNetwork: true',
      'containers:',
      '  - name: a',
      '    image: b',
      '    ports: [{ containerPort: 80, hostPort: 8080 }]',
    ),
    problems: [
      '10:46 spec.containers[0].ports[0].hostPort: on the network of the host both are the same port: expected the containerPort 80, found 8080',
    ],
  },
  {
    title: 'a container that depends on itself',
    text: container(IMAGE, 'dependsOn: [db, web]'),
    problems: ['7:19 spec.dependsOn[1]: a container cannot depend on itself'],
  },
  {
    title: 'a notice of health without a probe that could say so',
    text: container(IMAGE, 'sdNotify: healthy'),
    problems: ['7:13 spec.sdNotify: healthy needs a readinessProbe or a startupProbe that can say so'],
  },
  {
    title: 'a passed socket twice',
    text: container(IMAGE, 'listenFdNames: [http, http]'),
    problems: ['7:25 spec.listenFdNames[1]: `http` stands in this list a second time'],
  },
  {
    title: 'a passed socket and memory that is to come back',
    text: container(IMAGE, 'listenFdNames: [http]', 'restore: {onBoot: true}'),
    problems: [
      '8:12 spec.restore: sockets that are passed on (spec.listenFdNames) cannot be in a checkpoint: remove one of them',
    ],
  },
  {
    title: 'a dependency twice',
    text: container(IMAGE, 'dependsOn: [db, db]'),
    problems: ['7:19 spec.dependsOn[1]: `db` stands in this list a second time'],
  },
  {
    title: 'a variable with two values',
    text: container(
      IMAGE,
      'env:',
      '  - name: A',
      '    value: b',
      '    valueFrom: { fieldRef: { fieldPath: metadata.name } }',
    ),
    problems: [
      '10:18 spec.env[0].valueFrom: the variable has a value already: expected only one of value and valueFrom',
    ],
  },
  {
    title: 'a fieldRef to nowhere',
    text: container(IMAGE, 'env:', '  - { name: A, valueFrom: { fieldRef: { fieldPath: metadata.nam } } }'),
    problems: [
      '8:54 spec.env[0].valueFrom.fieldRef.fieldPath: expected a field such as metadata.name, status.podIP or metadata.labels[\'key\'], found "metadata.nam", did you mean `metadata.name`?',
    ],
  },
  {
    title: 'a user said twice',
    text: container(IMAGE, 'user: "1000"', 'securityContext: { runAsUser: 1000 }'),
    problems: ['8:33 spec.securityContext.runAsUser: spec.user says this already: remove one of them'],
  },
  {
    title: 'no network and that of the host',
    text: container(IMAGE, 'network: none', 'hostNetwork: true'),
    problems: [
      "8:16 spec.hostNetwork: spec.network is none: a container cannot have no network and the host's",
    ],
  },
  {
    title: 'a signal that does not exist',
    text: container(IMAGE, 'stopSignal: SIGTREM'),
    problems: [
      '7:15 spec.stopSignal: expected a signal such as SIGTERM, RTMIN+3 or a number from 1 to 64, found "SIGTREM", did you mean `SIGTERM`?',
    ],
  },
  {
    title: 'a ulimit that does not exist',
    text: container(IMAGE, 'ulimits:', '  - { name: nofiles, soft: 1, hard: 1 }'),
    problems: ['8:15 spec.ulimits[0].name: no ulimit is called `nofiles`, did you mean `nofile`?'],
  },
  {
    title: 'a soft limit over the hard one',
    text: container(IMAGE, 'ulimits:', '  - { name: nofile, soft: 2048, hard: 1024 }'),
    problems: ['8:29 spec.ulimits[0].soft: expected at most the hard limit 1024, found 2048'],
  },
  {
    title: 'a sysctl of the whole host',
    text: container(IMAGE, 'sysctls:', '  vm.swappiness: "10"'),
    problems: [
      '8:5 spec.sysctls[vm.swappiness]: not a sysctl of one container alone: expected net.*, kernel.shm*, kernel.msg*, kernel.sem or fs.mqueue.*, found "vm.swappiness"',
    ],
  },
  {
    title: 'a network sysctl on the network of the host',
    text: container(IMAGE, 'hostNetwork: true', 'sysctls:', '  net.core.somaxconn: "10"'),
    problems: [
      '9:5 spec.sysctls[net.core.somaxconn]: the container uses the network of the host, whose sysctls cannot be set for it',
    ],
  },
  {
    title: 'a zone that is a path',
    text: container(IMAGE, 'timezone: ../../etc/passwd'),
    problems: [
      '7:13 spec.timezone: expected a zone such as Europe/Berlin, or local, found "../../etc/passwd"',
    ],
  },
  {
    title: 'a capability that does not exist',
    text: container(IMAGE, 'securityContext: { capabilities: { add: [NET_ADMN] } }'),
    problems: [
      '7:44 spec.securityContext.capabilities.add[0]: no capability is called `NET_ADMN`, did you mean `NET_ADMIN`?',
    ],
  },
  {
    title: 'a local profile without its name',
    text: container(IMAGE, 'securityContext:', '  seccompProfile: { type: Localhost }'),
    problems: [
      '8:5 spec.securityContext.seccompProfile.localhostProfile: missing, expected the name of the profile for type Localhost',
    ],
  },
  {
    title: 'root where root is refused',
    text: container(IMAGE, 'securityContext: { runAsNonRoot: true, runAsUser: 0 }'),
    problems: ['7:53 spec.securityContext.runAsUser: runAsNonRoot is true: expected a user other than 0'],
  },
  {
    title: 'a back-off that is never used',
    text: container(IMAGE, 'restartPolicy: Never', 'restartBackoff: { maxSeconds: 60 }'),
    problems: [
      '8:19 spec.restartBackoff: spec.restartPolicy is Never: there is nothing to wait for, remove one of them',
    ],
  },
  {
    title: 'an address that is none',
    text: container(IMAGE, 'dnsConfig: { nameservers: [one.example] }'),
    problems: ['7:30 spec.dnsConfig.nameservers[0]: expected an IP address, found "one.example"'],
  },
  {
    title: 'a tab',
    text: lines('apiVersion: v1', 'kind: Pod', 'metadata:', '\tname: a'),
    problems: ['4:1 : a tab cannot indent YAML: use spaces'],
  },
  {
    title: 'a tab after spaces',
    text: lines('apiVersion: v1', 'kind: Pod', 'spec:', '  a:', '  \tb: 1'),
    problems: ['5:3 : a tab cannot indent YAML: use spaces'],
  },
  {
    title: 'a key twice',
    text: lines('apiVersion: v1', 'kind: Pod', 'metadata: {}', 'kind: Pod'),
    problems: ['4:1 : the field `kind` stands here a second time'],
  },
  {
    title: 'a key that is a list',
    text: lines('apiVersion: v1', '? [a]', ': b'),
    problems: ['2:3 : not valid YAML: the name of a field must be a string'],
  },
  {
    title: 'an unknown tag',
    text: lines('apiVersion: v1', 'kind: !pod Pod'),
    problems: ['2:7 : not valid YAML: unresolved tag: !pod'],
  },
  {
    title: 'a binary tag',
    text: lines('apiVersion: v1', 'kind: !!binary UG9k'),
    problems: ['2:16 : the tag !!binary is not supported: remove it'],
  },
  {
    title: 'a directive',
    text: lines('%YAML 1.1', '---', 'kind: Pod'),
    problems: ['1:1 : directives are not supported: remove this line; manifests are YAML 1.2'],
  },
  {
    title: 'an alias without an anchor',
    text: lines('apiVersion: v1', 'kind: *kind'),
    problems: ['2:7 : the alias *kind names no anchor above it'],
  },
  {
    title: 'an alias inside of what it names',
    text: lines('apiVersion: v1', 'metadata: &m', '  labels: *m'),
    problems: ['3:11 : the alias *m stands inside of what it names'],
  },
  {
    title: 'a bracket that is not closed',
    text: lines('apiVersion: v1', 'kind: [Pod', 'metadata: {}'),
    problems: [
      '3:1 : not valid YAML: a `[` or `{` above is not closed, or this line is indented too little to be within it',
    ],
  },
  {
    title: 'a quote that is not closed',
    text: lines('apiVersion: v1', 'kind: "Pod'),
    problems: ['3:1 : not valid YAML: a quote is opened and not closed'],
  },
  {
    title: 'indentation that fits nothing',
    text: lines('apiVersion: v1', 'metadata:', '    name: a', '  labels: {}'),
    problems: [
      '4:1 : not valid YAML: the indentation fits no line above (all mapping items must start at the same column)',
    ],
  },
  {
    title: 'a colon in a plain value',
    text: lines('apiVersion: v1', 'kind: a: b'),
    problems: [
      '2:7 : not valid YAML: a mapping or list cannot stand here: put it on a line of its own, or the text in quotes',
    ],
  },
  {
    title: 'a NUL byte',
    text: lines('apiVersion: v1', 'kind: P\x00d'),
    problems: ['2:8 : a NUL byte cannot stand in a manifest'],
  },
  {
    title: 'a control character',
    text: lines('kind: \x1b[31mPod'),
    problems: ['1:7 : the control character U+001B cannot stand in a manifest'],
  },
  {
    title: 'a misspelt field that must be there',
    text: container(IMAGE, 'volumeMounts:', '  - { nme: a, mountPath: /a }'),
    problems: ['8:9 spec.volumeMounts[0].nme: unknown field, did you mean `name`?'],
  },
  {
    title: 'an unlimited soft limit below a hard one',
    text: container(IMAGE, 'ulimits:', '  - { name: nofile, soft: -1, hard: 1024 }'),
    problems: ['8:29 spec.ulimits[0].soft: expected at most the hard limit 1024, found unlimited'],
  },
  {
    title: 'a ulimit twice',
    text: container(
      IMAGE,
      'ulimits:',
      '  - { name: nofile, soft: 1, hard: 1 }',
      '  - { name: nofile, soft: 2, hard: 2 }',
    ),
    problems: ['9:15 spec.ulimits[1].name: the ulimit `nofile` stands above already'],
  },
  {
    title: 'an IPC sysctl with the IPC namespace of the host',
    text: pod(
      'hostIPC: true',
      'securityContext:',
      '  sysctls: [{ name: kernel.shmmax, value: "1" }]',
      'containers: [{ name: a, image: b }]',
    ),
    problems: [
      '8:23 spec.securityContext.sysctls[0].name: the container uses the IPC namespace of the host, whose sysctls cannot be set for it',
    ],
  },
  {
    title: 'the host name as a sysctl',
    text: container(IMAGE, 'sysctls: { kernel.hostname: a }'),
    problems: ['7:14 spec.sysctls[kernel.hostname]: the name of the container is set by spec.hostname'],
  },
  {
    title: 'a longest wait below the first',
    text: container(IMAGE, 'restartBackoff: { initialSeconds: 60, maxSeconds: 30 }'),
    problems: ['7:53 spec.restartBackoff.maxSeconds: expected at least initialSeconds (60), found 30'],
  },
  {
    title: 'a privileged container that cannot escalate',
    text: container(IMAGE, 'securityContext: { privileged: true, allowPrivilegeEscalation: false }'),
    problems: [
      '7:66 spec.securityContext.allowPrivilegeEscalation: a privileged container can always escalate: remove one of them',
    ],
  },
  {
    title: 'a profile without its type',
    text: container(IMAGE, 'securityContext: { seccompProfile: { type: Unconfined, localhostProfile: a } }'),
    problems: [
      '7:76 spec.securityContext.seccompProfile.localhostProfile: the type is Unconfined: expected Localhost with a profile of this host',
    ],
  },
  {
    title: 'variables from nowhere',
    text: container(IMAGE, 'envFrom:', '  - prefix: A_'),
    problems: [
      '8:7 spec.envFrom[0]: the source of the variables is missing: expected configMapRef or secretRef',
    ],
  },
  {
    title: 'a value from two places',
    text: container(
      IMAGE,
      'env:',
      '  - name: A',
      '    valueFrom:',
      '      secretKeyRef: { name: a, key: b }',
      '      configMapKeyRef: { name: a, key: b }',
    ),
    problems: [
      '10:23 spec.env[0].valueFrom.secretKeyRef: expected only one of configMapKeyRef and secretKeyRef',
    ],
  },
  {
    title: 'two devices in one place',
    text: container(
      IMAGE,
      'devices:',
      '  - { hostPath: /dev/null }',
      '  - { hostPath: /dev/zero, containerPath: /dev/null }',
    ),
    problems: ['9:45 spec.devices[1].containerPath: there is another device at /dev/null already'],
  },
  {
    title: 'an absolute path within a volume',
    text: container(
      IMAGE,
      'volumes: [{ name: a, emptyDir: {} }]',
      'volumeMounts:',
      '  - { name: a, mountPath: /a, subPath: /b }',
    ),
    problems: ['9:42 spec.volumeMounts[0].subPath: expected a path within the volume, found "/b"'],
  },
  {
    title: 'the network of the host, and not',
    text: container(IMAGE, 'network: host', 'hostNetwork: false'),
    problems: ['8:16 spec.hostNetwork: spec.network is host: remove one of them'],
  },
  {
    title: 'a group said twice',
    text: container(IMAGE, 'user: "1:2"', 'securityContext: { runAsGroup: 2 }'),
    problems: ['8:34 spec.securityContext.runAsGroup: spec.user says this already: remove one of them'],
  },
  {
    title: 'a user that is two words',
    text: container(IMAGE, 'user: a b'),
    problems: ['7:9 spec.user: expected user or user:group, found "a b"'],
  },
  {
    title: 'a host port twice in a pod',
    text: pod(
      'hostNetwork: true',
      'containers:',
      '  - { name: a, image: b, ports: [{ containerPort: 80, hostPort: 80 }] }',
      '  - { name: c, image: d, ports: [{ containerPort: 80, hostPort: 80 }] }',
    ),
    problems: ['9:67 spec.containers[1].ports[0].hostPort: host port 80/TCP is published a second time'],
  },
  {
    title: 'two ports of one name',
    text: container(
      IMAGE,
      'ports:',
      '  - { name: http, containerPort: 80 }',
      '  - { name: http, containerPort: 81 }',
    ),
    problems: ['9:15 spec.ports[1].name: the port name `http` stands here a second time'],
  },
  {
    title: 'a host address that is none',
    text: container(IMAGE, 'hostNetwork: true', 'ports:', '  - { containerPort: 80, hostIP: localhost }'),
    problems: ['9:36 spec.ports[0].hostIP: expected an IP address, found "localhost"'],
  },
];
