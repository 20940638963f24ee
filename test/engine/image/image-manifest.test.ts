import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFacts, parseManifest } from '../../../engine/image/image-manifest.ts';
import { assertRefused } from '../../support/throws.ts';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: DIGEST, size: 2 };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: DIGEST, size: 3 };

test('reads manifests', () => {
  assert.equal(parseManifest(json({ config, layers: [layer], annotations: { a: 'b', c: 1 } }), DIGEST), {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    annotations: { a: 'b' },
    config,
    layers: [layer],
  });
});

const BAD_MANIFESTS: [what: string, manifest: unknown, words: string][] = [
  [
    'an artifact',
    { config: { ...config, mediaType: 'application/vnd.example' }, layers: [] },
    'no container image',
  ],
  [
    'a digest that is a path',
    { config: { ...config, digest: 'sha256:../../../etc/passwd' }, layers: [] },
    'sha256 digest',
  ],
  ['a size that is missing', { config, layers: [{ mediaType: '', digest: DIGEST }] }, 'size'],
  [
    'an encrypted layer',
    { config, layers: [{ ...layer, mediaType: `${layer.mediaType}+encrypted` }] },
    'not supported',
  ],
  ['no layers', { config }, 'the list layers'],
  ['no object', 7, 'sha256 digest'],
];

for (const [what, manifest, words] of BAD_MANIFESTS) {
  test(`refuses a manifest with ${what}, naming it`, () => {
    assertRefused(() => parseManifest(json(manifest), DIGEST), 'IMAGE_INVALID', DIGEST, words);
  });
}

test('reads configurations, and takes null for what is not there', () => {
  const facts = parseFacts(
    json({
      created: '2024-01-01T00:00:00Z',
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [DIGEST] },
      config: {
        Env: ['A=b'],
        Cmd: null,
        Entrypoint: null,
        User: '',
        Volumes: { '/data': {} },
        Labels: { a: 'b', c: 1 },
      },
    }),
    DIGEST,
  );
  assert.equal(facts, {
    created: '2024-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    diffIds: [DIGEST],
    config: { Env: ['A=b'], Volumes: { '/data': {} }, Labels: { a: 'b' } },
  });
});

test('refuses what is no image of Linux, or names layers that are no digests', () => {
  assertRefused(() => parseFacts(json({ os: 'windows' }), DIGEST), 'IMAGE_INVALID', 'windows');
  assertRefused(() => parseFacts(json({ rootfs: { diff_ids: ['x'] } }), DIGEST), 'IMAGE_INVALID', 'diff_ids');
  assertRefused(() => parseFacts(Buffer.from('{'), DIGEST), 'IMAGE_INVALID', 'not JSON');
});

test.run();
