import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkpointKeeping,
  checkpointManifest,
  checkpointTarget,
  loadManifests,
} from '../../../schemas/index.ts';

const declare = (spec: string): string =>
  `apiVersion: tsctr.dev/v1\nkind: Checkpoint\nmetadata: { name: safe }\nspec:\n  ${spec}\n`;

function refused(spec: string): string[] {
  return loadManifests(declare(spec), 'c.yaml').problems.map(
    ({ line, column, field, message }) => `${String(line)}:${String(column)} ${field}: ${message}`,
  );
}

const KEEPING: readonly [spec: Record<string, unknown>, keep: boolean, pin: boolean][] = [
  [{}, true, true],
  [{ pin: false }, true, false],
  [{ leaveRunning: false }, true, true],
  [{ to: { archive: { path: '/a.tar' } } }, false, false],
  [{ to: { archive: { path: '/a.tar' } }, keep: true }, true, false],
  [{ to: { archive: { path: '/a.tar' } }, keep: true, pin: true }, true, true],
  [{ to: { image: { name: 'localhost/a:1' } }, leaveRunning: false }, true, false],
];

for (const [fields, keep, pin] of KEEPING) {
  test(`[ckpt.declared] a Checkpoint with ${JSON.stringify(fields)} is kept: ${String(keep)}, pinned: ${String(pin)}`, () => {
    const { spec } = checkpointManifest.parse({
      apiVersion: 'tsctr.dev/v1',
      kind: 'Checkpoint',
      metadata: { name: 'safe' },
      spec: { container: 'web', ...fields },
    });
    assert.equal(checkpointKeeping(spec), { keep, pin });
    assert.equal([spec.waitFor, spec.backoffLimit, spec.reclaimPolicy], ['Running', 0, 'Retain']);
  });
}

test('[ckpt.declared] a Checkpoint names a container, or one of a pod', () => {
  assert.is(checkpointTarget({ container: 'web' }), 'web');
  assert.is(checkpointTarget({ pod: 'shop', container: 'db' }), 'shop.db');
});

const REFUSED: readonly [spec: string, problem: string][] = [
  ['keep: true', '4:1 spec.container: missing, expected a string'],
  ['container: a.b', '5:14 spec.container: must be a lower-case RFC 1123 label'],
  ['{ container: web, to: {} }', '5:25 spec.to: the destination is missing: expected archive or image'],
  [
    '{ container: web, to: { archive: { path: /a }, image: { name: a } } }',
    'spec.to.image: expected only one of archive and image',
  ],
  [
    '{ container: web, to: { archive: { path: a.tar } } }',
    'spec.to.archive.path: must be the absolute path of a file',
  ],
  [
    '{ container: web, to: { image: { name: "oci:/x" } } }',
    'spec.to.image.name: expected a name with or without a tag',
  ],
  [
    '{ container: web, to: { image: { name: localhost/a, push: true } } }',
    'spec.to.image.push: localhost/a names no registry',
  ],
  [
    '{ container: web, to: { image: { name: localhost/a, push: false, pushTo: r.example/a } } }',
    'spec.to.image.pushTo: spec.to.image.push is false: remove one of them',
  ],
  ['{ container: web, keep: false }', '5:27 spec.keep: nothing would be left of it'],
  [
    '{ container: web, keep: false, leaveRunning: false, to: { archive: { path: /a } } }',
    'spec.keep: a container that does not go on comes back from the checkpoint that is kept',
  ],
  [
    '{ container: web, keep: false, pin: true, to: { archive: { path: /a } } }',
    'spec.pin: spec.keep is false: there is nothing to pin',
  ],
  [
    '{ container: web, options: { tcpEstablished: true, tcpClose: true } }',
    'spec.options.tcpClose: spec.options.tcpEstablished keeps what this lets end',
  ],
  ['{ container: web, containers: web }', 'spec.containers: unknown field, did you mean `container`?'],
  [
    '{ container: web, reclaimPolicy: Recycle }',
    'spec.reclaimPolicy: expected one of Retain, Delete, found "Recycle"',
  ],
];

for (const [spec, problem] of REFUSED) {
  test(`[ckpt.declared] a Checkpoint with ${spec} is refused`, () => {
    const [first = '', ...more] = refused(spec);
    assert.ok(first.includes(problem), first);
    assert.equal(more, []);
  });
}

test.run();
