import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ValueError,
  candidateNames,
  defaultPullPolicy,
  formatImageReference,
  parseImageReference,
} from '../../../schemas/index.ts';
import type { NamedImage } from '../../../schemas/index.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

function parseNamed(text: string): NamedImage {
  const image = parseImageReference(text);
  if (image.transport !== 'docker') throw new Error(`expected a name, found ${image.transport}`);
  return image;
}

test('names are completed as podman completes them', () => {
  const table: [string, string][] = [
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['user/app', 'docker.io/user/app:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['index.docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['localhost/demo:1', 'localhost/demo:1'],
    ['localhost:5000/demo', 'localhost:5000/demo:latest'],
    ['registry.example/a/b/c:v1', 'registry.example/a/b/c:v1'],
    ['registry.example:5000/a@' + SHA, `registry.example:5000/a@${SHA}`],
    ['a:1@' + SHA, `docker.io/library/a:1@${SHA}`],
    ['[::1]:5000/a', '[::1]:5000/a:latest'],
    ['docker://busybox', 'docker.io/library/busybox:latest'],
    ['docker://127.0.0.1:5000/a__b/c-d:x', '127.0.0.1:5000/a__b/c-d:x'],
  ];
  for (const [text, full] of table) assert.is(formatImageReference(parseImageReference(text)), full, text);
});

test('only a name without registry and transport is short', () => {
  assert.equal(
    ['busybox', 'user/app', 'docker.io/busybox', 'localhost/a', 'docker://busybox'].map(
      (text) => parseNamed(text).isShort,
    ),
    [true, true, false, false, false],
  );
});

test('a short name may be of this host, or of any registry of the search list', () => {
  const names = (text: string, search?: string[]) =>
    candidateNames(parseNamed(text), search).map(formatImageReference);
  assert.equal(names('busybox:1'), ['localhost/busybox:1', 'docker.io/library/busybox:1']);
  assert.equal(names('a', ['quay.example', 'docker.io']), [
    'localhost/a:latest',
    'quay.example/a:latest',
    'docker.io/library/a:latest',
  ]);
  assert.equal(names('u/a', ['docker.io']), ['localhost/u/a:latest', 'docker.io/u/a:latest']);
  assert.equal(names('docker.io/a', ['quay.example']), ['docker.io/library/a:latest']);
});

test('files and directories have a path and perhaps a reference', () => {
  assert.equal(parseImageReference('oci:/srv/a:b:c'), { transport: 'oci', path: '/srv/a', reference: 'b:c' });
  assert.equal(parseImageReference('oci-archive:a.tar'), {
    transport: 'oci-archive',
    path: 'a.tar',
    reference: null,
  });
  assert.equal(parseImageReference('docker-archive:/a.tar:x/y:1'), {
    transport: 'docker-archive',
    path: '/a.tar',
    reference: 'x/y:1',
  });
  assert.equal(parseImageReference('dir:/srv/a:b'), { transport: 'dir', path: '/srv/a:b', reference: null });
});

test('what is no reference is refused with what is wrong', () => {
  const table: [string, RegExp][] = [
    ['', /name of an image/],
    ['Busybox', /no upper case/],
    ['a:', /tag/],
    ['a:b c', /tag/],
    [`a:${'x'.repeat(129)}`, /tag/],
    ['a@sha256:12', /digest/],
    ['a@', /digest/],
    ['registry.example/', /name of an image/],
    ['registry.example//a', /not valid at ""/],
    ['-.example/a', /registry/],
    ['a..b', /not valid at "a\.\.b"/],
    ['../../etc/passwd', /registry/],
    ['a/../b', /not valid at "\.\."/],
    ['f'.repeat(64), /not its id/],
    [`${'a/'.repeat(140)}a`, /too long/],
    ['https://registry.example/a', /transport https is not supported/],
    ['containers-storage:a', /transport containers-storage/],
    ['oci:', /path/],
    ['oci:/a:', /reference/],
    ['dir:', /path/],
  ];
  for (const [text, message] of table) {
    assert.throws(
      () => parseImageReference(text),
      (error: unknown) =>
        error instanceof ValueError &&
        error.code === 'BAD_IMAGE_REFERENCE' &&
        error.value === text &&
        message.test(error.message),
      text,
    );
  }
});

test('only a tag that may have moved is pulled always', () => {
  const policies = ['a', 'a:latest', 'a:1', `a@${SHA}`, `a:latest@${SHA}`, 'localhost/a', 'oci:/a'];
  assert.equal(
    policies.map((text) => defaultPullPolicy(parseImageReference(text))),
    ['Always', 'Always', 'IfNotPresent', 'IfNotPresent', 'IfNotPresent', 'IfNotPresent', 'IfNotPresent'],
  );
});

const component = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,5})?$/);
const named = fc.record({
  transport: fc.constant('docker' as const),
  registry: fc.constantFrom('docker.io', 'localhost', 'registry.example', 'localhost:5000', '[fe80::1]:80'),
  repository: fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/')),
  tag: fc.option(fc.stringMatching(/^[\w][\w.-]{0,20}$/)),
  digest: fc.option(fc.constant(SHA)),
  isShort: fc.constant(false),
});

test('references that are written are read back as the same', () => {
  fc.assert(
    fc.property(named, (image) => {
      const tag = image.tag ?? (image.digest === null ? 'latest' : null);
      assert.equal(parseImageReference(formatImageReference({ ...image, tag })), { ...image, tag });
    }),
  );
});

test('whatever the text is, it is read or refused, and what is read stays within its grammar', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9.:/@_-]{0,40}$/)), (text) => {
      try {
        const image = parseImageReference(text);
        assert.equal(
          formatImageReference(parseImageReference(formatImageReference(image))),
          formatImageReference(image),
        );
        if (image.transport === 'docker') assert.not.ok(image.repository.split('/').includes('..'));
      } catch (error) {
        assert.instance(error, ValueError);
      }
    }),
  );
});

test.run();
