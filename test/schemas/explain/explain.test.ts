import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { UnknownFieldError, explain, explainKinds, formatExplanation } from '../../../schemas/index.ts';
import type { ExplainedField } from '../../../schemas/index.ts';

/** Every field of every kind, with its path. */
function* allFields(path: string): Generator<{ path: string; field: ExplainedField }> {
  for (const field of explain(path).fields) {
    const below = `${path}.${field.name}`;
    yield { path: below, field };
    yield* allFields(below);
  }
}

test('every field of every kind has a description and a type', () => {
  const fields = explainKinds().flatMap(({ kind }) => [...allFields(kind)]);
  assert.ok(fields.length > 300, String(fields.length));
  assert.equal(
    fields.filter(({ field }) => field.description === '' || field.type === '').map(({ path }) => path),
    [],
  );
});

test('an explanation has the type, default, values and the fields below, with marks for those that must be there', () => {
  const ports = explain('pod.spec.containers[0].ports');
  assert.is(ports.type, '[]Object');
  assert.equal(
    ports.fields.map(({ name, type, isRequired }) => [name, type, isRequired]),
    [
      ['name', 'string', false],
      ['containerPort', 'integer', true],
      ['hostPort', 'integer', false],
      ['hostIP', 'string', false],
      ['protocol', 'string', false],
    ],
  );
  const protocol = explain('Pod.spec.containers.ports.protocol');
  assert.is(protocol.default, 'TCP');
  assert.equal(protocol.values, ['TCP', 'UDP', 'SCTP']);
  assert.is(explain('pods.metadata.labels').type, 'map[string]string');
  assert.is(explain('container.spec.livenessProbe.httpGet.port').type, 'integer or string');
});

test('the text is laid out as kubectl does', () => {
  assert.is(
    formatExplanation(explain('container.spec.livenessProbe.tcpSocket')),
    [
      'KIND:       Container',
      'VERSION:    tsctr.dev/v1',
      '',
      'FIELD: tcpSocket <Object>',
      '',
      'DESCRIPTION:',
      '    Opens a connection.',
      '',
      'FIELDS:',
      '  port <integer or string> -required-',
      '    Number, or the name of one of the ports.',
      '',
      '  host <string>',
      "    Host to ask. Default: the container's address.",
      '',
    ].join('\n'),
  );
});

test('lines are no longer than asked for', () => {
  for (const line of formatExplanation(explain('container.spec'), 60).split('\n'))
    assert.ok(line.length <= 60, line);
});

test('a path that leads nowhere is refused, with the field that was likely meant', () => {
  const table: [string, RegExp][] = [
    ['container.spec.imag', /container\.spec has no field `imag`, did you mean `image`\?$/],
    ['container.spec.image.x', /container\.spec\.image has no fields$/],
    [
      'contaner',
      /expected a kind \(container, pod, configmap, secret, volume, persistentvolumeclaim, checkpoint\), found `contaner`, did you mean `container`\?$/,
    ],
    ['', /found nothing$/],
    ['pod..spec', /pod has no field ``$/],
    ['pod.constructor', /no field `constructor`/],
  ];
  for (const [path, message] of table) {
    assert.throws(
      () => explain(path),
      (error: unknown) =>
        error instanceof UnknownFieldError && error.path === path && message.test(error.message),
      path,
    );
  }
});

test.run();
