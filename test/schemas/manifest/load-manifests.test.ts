import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadManifests } from '../../../schemas/index.ts';
import type { Container, ManifestProblem, Pod } from '../../../schemas/index.ts';
import { INVALID_MANIFESTS, container, pod } from '../invalid-manifests.ts';

const print = (p: ManifestProblem): string =>
  `${String(p.line)}:${String(p.column)} ${p.field}: ${p.message}`;

function loadContainer(text: string): Container {
  const { manifests, problems } = loadManifests(text, 'a.yaml');
  assert.equal(problems.map(print), []);
  const manifest = manifests[0]?.manifest;
  if (manifest?.kind !== 'Container') throw new Error('expected a Container');
  return manifest;
}

for (const { title, text, problems } of INVALID_MANIFESTS) {
  test(`refused with line, column and field: ${title}`, () => {
    const result = loadManifests(text, 'a.yaml');
    assert.ok(problems.length > 0);
    assert.equal(result.problems.map(print), problems);
  });
}

test('the excerpt shows the line above, the line, and a marker below what is meant', () => {
  const text = [
    'apiVersion: tsctr.dev/v1',
    'kind: Container',
    'metadata:',
    '  name: web',
    'spec:',
    '  image: localhost/demo:1',
    '  comand: [sh]',
    '',
  ].join('\n');
  const [problem] = loadManifests(text, 'bad.yaml').problems;
  assert.is(
    problem?.excerpt,
    ['    6 |   image: localhost/demo:1', '    7 |   comand: [sh]', '      |   ^^^^^^'].join('\n'),
  );
});

test('what whoever keeps a resource has written counts for nothing', () => {
  const written = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', uid: '1', resourceVersion: '2', creationTimestamp: null, ownerReferences: [{}] },
    spec: { containers: [{ name: 'a', image: 'b' }] },
    status: { phase: 'Running' },
  };
  const { manifests, problems } = loadManifests(JSON.stringify(written), 'got.json');
  assert.equal(problems, []);
  const manifest = manifests[0]?.manifest;
  assert.equal(Object.keys(manifest ?? {}), ['apiVersion', 'kind', 'metadata', 'spec']);
  assert.equal(manifest?.metadata, { name: 'web' });
});

test('long lines are cut in the excerpt, and the marker stays below what is meant', () => {
  const text = container('image: a', `{ dnsConfig: ${' '.repeat(500)} }`, `tty: ${' '.repeat(400)}maybe`);
  const bad = `apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: { name: a }\nspec: { image: a, ${' '.repeat(500)}tty: maybe }\n`;
  for (const excerpt of [text, bad].map((t) => loadManifests(t, 'a').problems[0]?.excerpt ?? '')) {
    const rows = excerpt.split('\n');
    assert.ok(rows.every((row) => row.length < 200));
  }
  const rows = (loadManifests(bad, 'a').problems[0]?.excerpt ?? '').split('\n');
  const mark = rows.at(-1) ?? '';
  assert.is(rows.at(-2)?.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1), 'maybe');
});

test('values that may be secrets are in no message and no excerpt', () => {
  const secret = 'hunter2';
  const texts = [
    container('image: a', 'env:', '  - name: PASSWORD', `    value: ${secret}`, '    valu: 1'),
    container('image: a', 'env:', '  - name: PASSWORD', `    valeu: ${secret}`),
    container('image: a', 'env:', `  - { name: A, value: ${secret}, x: 1 }`),
    container('image: a', 'env:', '  - name: A', '    value: |', `      ${secret}`, '    x: 1'),
    container('image: a', 'env:', '  - name: A', `    value: [${secret}]`),
    container('image: a', `password: ${secret}`),
    container('image: a', 'env:', '  - name: A', `    value: "${secret}`),
    container('image: a', 'env:', '  - name: A', `    value: ${secret}: b`),
    `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData:\n  a: ${secret}\n  a: ${secret}\n`,
    `password: ${secret}\nkind: \0`,
    `x: 1\n"api_key": ${secret}${'['.repeat(100)}`,
    `{"apiVersion": "v1", "kind": "Pod", "data": {"a": "${secret}"}, "x": 1`,
  ];
  for (const text of texts) {
    const { problems } = loadManifests(text, 'a.yaml');
    assert.ok(problems.length > 0, text);
    assert.not.ok(JSON.stringify(problems).includes(secret), JSON.stringify(problems));
  }
});

test('numbers that begin with 0 are octal, as Kubernetes reads them', () => {
  const spec = loadContainer(
    container('image: a', 'oomScoreAdj: 0644', 'terminationGracePeriodSeconds: 089'),
  ).spec;
  assert.is(spec.oomScoreAdj, 0o644);
  assert.is(spec.terminationGracePeriodSeconds, 89);
});

test('words that YAML 1.1 took for booleans or times are strings', () => {
  const spec = loadContainer(container('image: a', 'command: [yes, on, 22:22, 2024-01-01, "1", ~x]')).spec;
  assert.equal(spec.command, ['yes', 'on', '22:22', '2024-01-01', '1', '~x']);
});

test('a quantity is what was written, however large the number', () => {
  const spec = loadContainer(
    container('image: a', 'resources: { limits: { memory: 9007199254740993, cpu: 0.5 } }'),
  ).spec;
  assert.equal(spec.resources?.limits, { memory: '9007199254740993', cpu: '0.5' });
});

test('merge keys and aliases are resolved, and what stands in the mapping itself counts more', () => {
  const text = pod(
    'containers:',
    '  - &base { name: a, image: b, tty: true, env: &env [{ name: X, value: "1" }] }',
    '  - { <<: *base, name: c }',
    '  - { <<: [{ image: d }, *base], name: e, env: *env }',
    '  - { "<<": x }',
  );
  const { problems } = loadManifests(text, 'a.yaml');
  assert.equal(problems.map(print), [
    '10:7 spec.containers[3].name: missing, expected a string',
    '10:9 spec.containers[3][<<]: unknown field',
  ]);
  const { manifests } = loadManifests(text.replace(/^.*"<<".*\n/m, ''), 'a.yaml');
  const { spec } = manifests[0]?.manifest as Pod;
  assert.equal(
    spec.containers.map(({ name, image, tty, env }) => [name, image, tty, env?.length]),
    [
      ['a', 'b', true, 1],
      ['c', 'b', true, 1],
      ['e', 'd', true, 1],
    ],
  );
});

test('optional fields with nothing in them are as good as not there, required ones are not', () => {
  const spec = loadContainer(
    container('image: a', 'command:', 'restartPolicy: ~', 'resources: { limits: null }'),
  ).spec;
  assert.is(spec.command, undefined);
  assert.is(spec.restartPolicy, 'Always');
  assert.equal(spec.resources, {});
});

test('a file holds any number of documents, with their places; empty ones count but give nothing', () => {
  const text = `# first\n${container('image: a')}---\n---\n# none\n...\n---\n  ${pod('containers: [{ name: a, image: b }]').replaceAll('\n', '\n  ')}\n`;
  const { manifests, problems } = loadManifests(text, 'a.yaml');
  assert.equal(problems, []);
  assert.equal(
    manifests.map(({ manifest, file, line, column, index }) => [manifest.kind, file, line, column, index]),
    [
      ['Container', 'a.yaml', 2, 1, 0],
      ['Pod', 'a.yaml', 13, 3, 3],
    ],
  );
});

test('a text without a document is no error', () => {
  for (const text of ['# nothing\n', '---\n', '---\n---\n', '...\n', 'null\n']) {
    assert.equal(loadManifests(text, 'a.yaml'), { manifests: [], problems: [] }, JSON.stringify(text));
  }
});

test('a file with nothing in it is an error, as it is what a full disk leaves of one', () => {
  for (const text of ['', '\n', ' \n\n', '\uFEFF']) {
    const { manifests, problems } = loadManifests(text, 'a.yaml');
    assert.equal(manifests, []);
    assert.equal(
      problems.map(({ line, column, code }) => [line, column, code]),
      [[1, 1, 'empty']],
      JSON.stringify(text),
    );
  }
});

test('the good documents of a file with a bad one are still there', () => {
  const { manifests, problems } = loadManifests(
    `${container('image: a')}---\nkind: [\n---\n${container('image: b')}`,
    'a',
  );
  assert.is(problems.length, 1);
  assert.ok(manifests.length >= 1);
});

test('JSON is taken as well, indented with tabs, with a byte order mark, with Windows line ends', () => {
  const value = {
    apiVersion: 'tsctr.dev/v1',
    kind: 'Container',
    metadata: { name: 'a' },
    spec: { image: 'a\tb'.slice(0, 1) },
  };
  const json = JSON.stringify(value, null, '\t');
  for (const text of [json, `\uFEFF${json}`, json.replaceAll('\n', '\r\n'), JSON.stringify(value)]) {
    assert.is(loadContainer(text).metadata.name, 'a');
  }
});

test('Windows line ends do not move places', () => {
  const text = container('image: a', 'comand: [sh]').replaceAll('\n', '\r\n');
  const [problem] = loadManifests(text, 'a').problems;
  assert.equal([problem?.line, problem?.column, problem?.length], [7, 3, 6]);
  assert.not.ok(problem?.excerpt?.includes('\r'));
});

test('no more than 100 problems are told', () => {
  const text = container('image: a', ...Array.from({ length: 500 }, (_, i) => `x${String(i)}: 1`));
  assert.is(loadManifests(text, 'a').problems.length, 100);
});

test('what only looks like a contradiction is taken', () => {
  const specs = [
    ['resources: { requests: { memory: 1Gi, cpu: "1" }, limits: { memory: 1024Mi, cpu: 1000m } }'],
    ['ulimits:', '  - { name: nofile, soft: -1, hard: -1 }', '  - { name: core, soft: 0, hard: -1 }'],
    [
      'hostNetwork: true',
      'ports:',
      '  - { containerPort: 53, hostPort: 53 }',
      '  - { containerPort: 53, hostPort: 53, protocol: UDP }',
    ],
    ['hostNetwork: true', 'network: host'],
    ['sysctls: { net.core.somaxconn: "1024", kernel.shm_rmid_forced: "1", fs.mqueue.msg_max: "10" }'],
    ['restartBackoff: { initialSeconds: 30, maxSeconds: 30 }'],
    [
      'volumes:',
      '  - { name: a, emptyDir: {} }',
      'volumeMounts:',
      '  - { name: a, mountPath: /a }',
      '  - { name: a, mountPath: /a/b }',
    ],
    ['dependsOn: [db, cache]'],
    ['timezone: America/Argentina/Buenos_Aires'],
    ['env:', '  - { name: A, value: "1" }', '  - { name: A, value: "2" }'],
    ['securityContext: { capabilities: { add: [CAP_NET_ADMIN, sys_time], drop: [ALL] } }'],
  ];
  for (const spec of specs) loadContainer(container('image: a', ...spec));
});

test('[spec.umask] an umask that is not octal is refused, and a number is not taken for one', () => {
  for (const umask of ['"0088"', '"22222"', '18', '0022']) {
    assert.is(
      loadManifests(container('image: a', `umask: ${umask}`), 'a').problems[0]?.field,
      'spec.umask',
      umask,
    );
  }
  assert.is(loadContainer(container('image: a', 'umask: "0027"')).spec.umask, '0027');
});

test.run();
