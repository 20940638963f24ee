import { gzipSync } from 'node:zlib';
import { buildTar, encodeEntry } from './tar-builder.ts';
import type { TarEntry } from './tar-builder.ts';

/** A layer that must be refused. */
export interface HostileLayer {
  what: string;
  archive: Buffer;
  /** Begins the name of the entry that the error must name. */
  entry: string;
  /** What the error must say beside it. */
  reason: RegExp;
}

function layer(what: string, entries: readonly TarEntry[], entry: string, reason: RegExp): HostileLayer {
  return { what, archive: buildTar([{ name: 'harmless', content: 'x' }, ...entries]), entry, reason };
}

/** Layers that try to get out of their directory, or to cost more than they may; `outside` is a directory beside the layer's. */
export function hostileLayers(outside: string): HostileLayer[] {
  const link = (name: string, linkTarget: string): TarEntry => ({ name, type: '2', linkTarget });
  return [
    layer('climbs', [{ name: '../escaped', content: 'x' }], '../escaped', /leads upwards/),
    layer('climbs in the middle', [{ name: 'a/../../escaped', content: 'x' }], 'a/../../', /leads upwards/),
    layer('climbs as a directory', [{ name: 'a/../..', type: '5' }], 'a/../..', /leads upwards/),
    layer('has an absolute name', [{ name: `${outside}/escaped`, content: 'x' }], outside, /absolute/),
    layer(
      'hides an absolute name in pax',
      [{ name: 'a', content: 'x', pax: { path: `${outside}/escaped` } }],
      outside,
      /absolute/,
    ),
    layer(
      'hides a climbing name in pax',
      [{ name: 'a', content: 'x', pax: { path: '../../escaped' } }],
      '../../escaped',
      /leads upwards/,
    ),
    layer(
      'writes through an absolute link',
      [link('out', outside), { name: 'out/escaped', content: 'x' }],
      'out/escaped',
      /leads out/,
    ),
    layer(
      'writes through a climbing link',
      [link('out', '../../outside'), { name: 'out/escaped', content: 'x' }],
      'out/escaped',
      /leads out/,
    ),
    layer(
      'writes through two links',
      [link('one', '..'), link('two', 'one/../outside'), { name: 'two/escaped', content: 'x' }],
      'two/escaped',
      /leads out/,
    ),
    layer(
      'makes a directory through a link',
      [link('out', outside), { name: 'out/d/', type: '5' }],
      'out/d/',
      /leads out/,
    ),
    layer(
      'makes a link through a link',
      [link('out', outside), link('out/escaped', '/')],
      'out/escaped',
      /leads out/,
    ),
    layer(
      'puts a whiteout through a link',
      [link('out', outside), { name: 'out/.wh.victim' }],
      'out/.wh.victim',
      /leads out/,
    ),
    layer(
      'marks a directory opaque through a link',
      [link('out', outside), { name: 'out/.wh..wh..opq' }],
      'out/.wh..wh..opq',
      /leads out/,
    ),
    layer(
      'walks in a circle of links',
      [link('a', 'b'), link('b', 'a'), { name: 'a/x', content: 'x' }],
      'a/x',
      /circle|leads out|not a directory/,
    ),
    layer(
      'walks through the links of /proc',
      [link('p', '/proc/self/cwd'), { name: 'p/escaped', content: 'x' }],
      'p/escaped',
      /leads out|circle/,
    ),
    layer(
      'links to a file outside',
      [{ name: 'stolen', type: '1', linkTarget: `${outside}/victim` }],
      'stolen',
      /does not have/,
    ),
    layer(
      'links to a file above',
      [{ name: 'stolen', type: '1', linkTarget: '../../outside/victim' }],
      'stolen',
      /leads upwards/,
    ),
    layer(
      'links through a link',
      [link('out', outside), { name: 'stolen', type: '1', linkTarget: 'out/victim' }],
      'stolen',
      /leads out/,
    ),
    layer(
      'links to a directory',
      [
        { name: 'd/', type: '5' },
        { name: 'again', type: '1', linkTarget: 'd' },
      ],
      'again',
      /not permitted/,
    ),
    layer('replaces the root by a link', [link('./', outside)], './', /root directory/),
    layer(
      'uses a file as a directory',
      [
        { name: 'f', content: 'x' },
        { name: 'f/g', content: 'x' },
      ],
      'f/g',
      /not a directory/,
    ),
    layer(
      'is 10,000 directories deep',
      [{ name: `${'d/'.repeat(10_000)}f`, content: 'x' }],
      'd/d/d/',
      /bytes long/,
    ),
    layer(
      'has a component that is too long',
      [{ name: `d/${'n'.repeat(300)}`, content: 'x' }],
      'd/nnn',
      /255 bytes/,
    ),
    layer('has a link target that is too long', [link('far', 'x'.repeat(5000))], 'far', /too long/),
    layer('claims to be huge', [{ name: 'huge', claimedSize: 2 ** 50 }], 'huge', /larger than the limit/),
    layer(
      'has a hole that is huge',
      [{ name: 'hole', pax: { 'GNU.sparse.size': String(2 ** 50), 'GNU.sparse.map': '0,0' } }],
      'hole',
      /larger than the limit/,
    ),
    layer('is a whiteout of its parent', [{ name: 'd/.wh...' }], 'd/.wh...', /no name/),
    layer('belongs to nobody at all', [{ name: 'own', uid: 2 ** 33 }], 'own', /no user/),
    layer('has a type that nobody knows', [{ name: 'odd', type: 'Z' }], 'odd', /unknown type/),
    {
      what: 'is cut off',
      archive: buildTar([{ name: 'begun', content: 'x'.repeat(5000) }]).subarray(0, 2048),
      entry: 'begun',
      reason: /cut off/,
    },
    {
      what: 'is followed by something else',
      archive: Buffer.concat([encodeEntry({ name: 'last', content: 'x' }), Buffer.alloc(512, 0x41)]),
      entry: 'last',
      reason: /no tar header/,
    },
  ];
}

/** Layers whose compressed form is what is wrong: no entry is to blame. */
export function damagedLayers(): { what: string; blob: Buffer; reason: RegExp }[] {
  const gzip = gzipSync(buildTar([{ name: 'a', content: Buffer.alloc(100_000, 'abcdefg') }]));
  return [
    { what: 'gzip that is cut off', blob: gzip.subarray(0, gzip.length - 20), reason: /damaged or cut off/ },
    {
      what: 'gzip that is damaged',
      blob: Buffer.from(gzip).fill(0, 60, 90),
      reason: /damaged|no tar header/,
    },
    { what: 'something else', blob: Buffer.alloc(2000, 'hello '), reason: /no tar header/ },
  ];
}
