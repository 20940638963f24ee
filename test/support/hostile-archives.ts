import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeImage } from '../../engine/criu/image/encode-image.ts';
import { buildTar } from './tar-builder.ts';
import type { TarEntry } from './tar-builder.ts';

/** A checkpoint archive that must be refused. */
export interface HostileArchive {
  what: string;
  archive: Buffer;
  /** What the error must say. */
  reason: RegExp;
}

/** The members of a good archive, out of an unpacked one. */
export function goodMembers(directory: string): TarEntry[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const file = path.join(directory, name);
      return statSync(file).isDirectory()
        ? { name: `${name}/`, type: '5', mode: 0o700 }
        : { name, content: readFileSync(file), mode: 0o600 };
    });
}

/** Archives that try to get out of their directory, to cost more than they may, or to be what they are not. */
export function hostileArchives(good: readonly TarEntry[], outside: string): HostileArchive[] {
  return [
    ...climbing(good, outside),
    ...wrongTypes(good, outside),
    ...oddNames(good),
    ...wrongSizes(good),
    ...damaged(good),
    ...crafted(good),
    ...badImages(good),
    ...nested(good, outside),
  ];
}

/** The good archive with one member more, or another in the place of the one of that name. */
function altered(good: readonly TarEntry[], ...entries: TarEntry[]): Buffer {
  const names = new Set(entries.map(({ name }) => String(name)));
  return buildTar([...good.filter(({ name }) => !names.has(String(name))), ...entries]);
}

function without(good: readonly TarEntry[], name: string): Buffer {
  return buildTar(good.filter((entry) => entry.name !== name));
}

const MEMBERS = [
  'config.dump',
  'spec.dump',
  'network.status',
  'stats-dump',
  'ctr.log',
  'devshm-checkpoint.tar',
  'rootfs-diff.tar',
  'deleted.files',
  'checkpoint/pages-1.img',
  'volumes/ifc-cv.tar',
];

function climbing(good: readonly TarEntry[], outside: string): HostileArchive[] {
  const content = 'x';
  return [
    ...MEMBERS.map((name) => ({
      what: `${name} climbs`,
      archive: altered(good, { name: `../../${name}`, content }),
      reason: /leads upwards/,
    })),
    {
      what: 'an image climbs',
      archive: altered(good, { name: 'checkpoint/../../escaped', content }),
      reason: /leads upwards/,
    },
    {
      what: 'a volume climbs',
      archive: altered(good, { name: 'volumes/../../escaped.tar', content }),
      reason: /leads upwards/,
    },
    {
      what: 'a file of no interest climbs',
      archive: altered(good, { name: 'artifacts/../../escaped', content }),
      reason: /leads upwards/,
    },
    {
      what: 'a directory climbs',
      archive: altered(good, { name: 'checkpoint/../../escaped/', type: '5' }),
      reason: /leads upwards/,
    },
    {
      what: 'a name is absolute',
      archive: altered(good, { name: `${outside}/escaped`, content }),
      reason: /absolute/,
    },
    {
      what: 'a name is absolute in pax',
      archive: altered(good, { name: 'config.dump', content, pax: { path: `${outside}/escaped` } }),
      reason: /absolute/,
    },
    {
      what: 'a name climbs in pax',
      archive: altered(good, { name: 'spec.dump', content, pax: { path: '../escaped' } }),
      reason: /leads upwards/,
    },
  ];
}

function wrongTypes(good: readonly TarEntry[], outside: string): HostileArchive[] {
  const links = [
    'config.dump',
    'checkpoint',
    'checkpoint/pages-1.img',
    'rootfs-diff.tar',
    'volumes',
    'deleted.files',
  ];
  return [
    ...links.map((name) => ({
      what: `${name} is a link`,
      archive: buildTar([{ name, type: '2', linkTarget: outside }, ...good]),
      reason: /symbolic link/,
    })),
    {
      what: 'the parent leads out',
      archive: altered(good, { name: 'checkpoint/parent', type: '2', linkTarget: outside }),
      reason: /somewhere else/,
    },
    {
      what: 'the parent climbs',
      archive: altered(good, { name: 'checkpoint/parent', type: '2', linkTarget: '../pre-checkpoint/../..' }),
      reason: /somewhere else/,
    },
    {
      what: 'a hard link to a file of the host',
      archive: altered(good, { name: 'ctr.log', type: '1', linkTarget: `${outside}/victim` }),
      reason: /hard link/,
    },
    {
      what: 'a hard link within',
      archive: altered(good, { name: 'checkpoint/pages-9.img', type: '1', linkTarget: 'config.dump' }),
      reason: /hard link/,
    },
    {
      what: 'a character device',
      archive: altered(good, { name: 'checkpoint/pages-1.img', type: '3', device: { major: 1, minor: 5 } }),
      reason: /device node/,
    },
    {
      what: 'a block device',
      archive: altered(good, { name: 'rootfs-diff.tar', type: '4', device: { major: 254, minor: 0 } }),
      reason: /device node/,
    },
    { what: 'a fifo', archive: altered(good, { name: 'ctr.log', type: '6' }), reason: /fifo/ },
    {
      what: 'a type that nobody knows',
      archive: altered(good, { name: 'odd', type: 'Z' }),
      reason: /unknown type/,
    },
  ];
}

function oddNames(good: readonly TarEntry[]): HostileArchive[] {
  const content = 'x';
  const names = [
    'checkpoint/deep/er.img',
    'checkpoint/.hidden',
    'checkpoint/a b.img',
    'checkpoint/new\nline.img',
    'pre-checkpoint/x/y.img',
  ];
  return [
    ...names.map((name) => ({
      what: `the image ${JSON.stringify(name)}`,
      archive: altered(good, { name, content }),
      reason: /not a name that CRIU gives/,
    })),
    ...['volumes/a/b.tar', 'volumes/.tar', 'volumes/plain', 'empty-dirs/-x.tar'].map((name) => ({
      what: `the volume ${name}`,
      archive: altered(good, { name, content }),
      reason: /not the archive of a volume/,
    })),
    {
      what: 'a name of 300 bytes',
      archive: altered(good, { name: `checkpoint/${'n'.repeat(300)}`, content }),
      reason: /255 bytes/,
    },
    {
      what: 'a name that is no UTF-8',
      archive: altered(good, { name: Buffer.from([0x63, 0xff, 0xfe]), content }),
      reason: /not UTF-8/,
    },
    ...['config.dump', 'checkpoint/inventory.img', 'checkpoint/pages-1.img'].map((name) => ({
      what: `${name} twice`,
      archive: buildTar([...good, { name: `./${name}`, content }]),
      reason: /twice/,
    })),
  ];
}

function wrongSizes(good: readonly TarEntry[]): HostileArchive[] {
  return [
    {
      what: 'claims to be huge',
      archive: altered(good, { name: 'checkpoint/pages-1.img', claimedSize: 2 ** 50 }),
      reason: /more than the limit/,
    },
    {
      what: 'claims less than nothing',
      archive: altered(good, {
        name: 'checkpoint/pages-1.img',
        patch: (block) => block.fill(0xff, 124, 136),
      }),
      reason: /negative|bad size/,
    },
    {
      what: 'a document of 9 MiB',
      archive: altered(good, { name: 'config.dump', content: Buffer.alloc(9 << 20, ' ') }),
      reason: /more than/,
    },
    {
      what: 'a document that claims 7 GiB',
      archive: altered(good, { name: 'deleted.files', claimedSize: 7 * 2 ** 30 }),
      reason: /more than/,
    },
    {
      what: 'descriptors of 9 MiB',
      archive: altered(good, { name: 'checkpoint/descriptors.json', content: Buffer.alloc(9 << 20, ' ') }),
      reason: /more than/,
    },
    {
      what: 'holes of a pebibyte',
      archive: altered(good, {
        name: 'checkpoint/pages-1.img',
        pax: { 'GNU.sparse.size': String(2 ** 50), 'GNU.sparse.map': '0,0' },
      }),
      reason: /holes/,
    },
    {
      what: 'a header of 2 MiB',
      archive: altered(good, { name: 'x'.repeat(2 << 20), content: '' }),
      reason: /extended header/,
    },
  ];
}

function damaged(good: readonly TarEntry[]): HostileArchive[] {
  const archive = buildTar(good);
  const compressed = (program: string): Buffer =>
    execFileSync(program, ['-c'], { input: archive, maxBuffer: 1 << 26 });
  const cut = (whole: Buffer): Buffer => whole.subarray(0, Math.floor(whole.length * 0.7));
  return [
    { what: 'is cut off', archive: cut(archive), reason: /cut off/ },
    { what: 'gzip that is cut off', archive: cut(gzipSync(archive)), reason: /cut off/ },
    { what: 'zstd that is cut off', archive: cut(compressed('zstd')), reason: /cut off/ },
    { what: 'xz that is cut off', archive: cut(compressed('xz')), reason: /cut off/ },
    { what: 'bzip2 that is cut off', archive: cut(compressed('bzip2')), reason: /cut off/ },
    { what: 'zstd in name only', archive: Buffer.from('28b52ffd00000000', 'hex'), reason: /damaged|cut off/ },
    { what: 'text', archive: Buffer.from('hello '.repeat(1000)), reason: /no tar header/ },
    { what: 'nothing', archive: Buffer.alloc(0), reason: /complete checkpoint cannot be found/ },
    { what: 'an empty archive', archive: buildTar([]), reason: /complete checkpoint cannot be found/ },
    {
      what: 'a header with a bad checksum',
      archive: Buffer.from(archive).fill(0x41, 0, 8),
      reason: /no tar header/,
    },
  ];
}

function crafted(good: readonly TarEntry[]): HostileArchive[] {
  const json = (name: string, content: string, reason: RegExp): HostileArchive => ({
    what: `${name} is ${content.slice(0, 40)}`,
    archive: altered(good, { name, content }),
    reason,
  });
  return [
    json('config.dump', '{', /config\.dump.*no JSON/),
    json('config.dump', '"text"', /config\.dump/),
    json('config.dump', '{"id":{"a":1}}', /config\.dump.*id/),
    json('config.dump', JSON.stringify({ namedVolumes: 'all' }), /namedVolumes/),
    json('config.dump', `{"name":"${'n'.repeat(5000)}"}`, /name/),
    json('spec.dump', '['.repeat(100_000) + ']'.repeat(100_000), /spec\.dump/),
    json('spec.dump', '{"process":[]}', /spec\.dump.*process/),
    json('network.status', '"none"', /network\.status/),
    json('deleted.files', '{"0":"/etc"}', /deleted\.files/),
    json('deleted.files', '["etc/passwd"]', /not absolute/),
    json('deleted.files', '["/../../etc/passwd"]', /leads upwards/),
    json('deleted.files', '["/etc/a\\u0000b"]', /zero byte/),
    json('deleted.files', '["//"]', /the root itself/),
    json('deleted.files', '["/./."]', /the root itself/),
    json('deleted.files', '[1]', /deleted\.files/),
    json('checkpoint/descriptors.json', '{"0":"/dev/null"}', /descriptors\.json/),
    json('environment.json', '{"version":2}', /environment\.json/),
    json('stats-dump', 'x'.repeat(48), /stats-dump.*magic/),
  ];
}

function badImages(good: readonly TarEntry[]): HostileArchive[] {
  const image = (name: string, content: Buffer, reason: RegExp, what = name): HostileArchive => ({
    what: `the image ${what}`,
    archive: altered(good, { name: `checkpoint/${name}`, content }),
    reason,
  });
  const task = (pid: number, ppid: number) => ({ pid, ppid, pgid: 1, sid: 1 });
  const pstree = encodeImage('pstree', [task(1, 0)]);
  return [
    { what: 'no inventory', archive: without(good, 'checkpoint/inventory.img'), reason: /cannot be found/ },
    { what: 'no process tree', archive: without(good, 'checkpoint/pstree.img'), reason: /pstree\.img/ },
    {
      what: 'a process without state',
      archive: without(good, 'checkpoint/core-11.img'),
      reason: /core-11\.img/,
    },
    image('inventory.img', Buffer.from('nonsense'), /magic number/),
    image('inventory.img', Buffer.alloc(0), /cut off/, 'inventory.img that is empty'),
    image('pstree.img', encodeImage('core', []), /magic number/, 'pstree.img of another kind'),
    image('pstree.img', pstree.subarray(0, -1), /cut off/, 'pstree.img that is cut off'),
    image(
      'pstree.img',
      encodeImage('pstree', [task(1, 0), task(2, 7)]),
      /parent/,
      'pstree.img with an orphan',
    ),
    image(
      'pstree.img',
      encodeImage('pstree', [task(1, 0), task(1, 1)]),
      /twice/,
      'pstree.img with a pid twice',
    ),
    image(
      'mm-1.img',
      Buffer.concat([encodeImage('mm', []), Buffer.alloc(4, 0xff)]),
      /claims/,
      'mm-1.img that claims 4 GiB',
    ),
    image(
      'mm-1.img',
      Buffer.concat([pstree.subarray(0, 4), Buffer.alloc(100)]),
      /magic/,
      'mm-1.img with zeros',
    ),
    image(
      'files.img',
      Buffer.concat([encodeImage('files', []), Buffer.from([2, 0, 0, 0, 0xff, 0xff])]),
      /no file_entry/,
    ),
    image('mountpoints-13.img', encodeImage('pstree', [task(1, 0)]), /magic/),
  ];
}

function nested(good: readonly TarEntry[], outside: string): HostileArchive[] {
  const within = (
    name: string,
    entries: readonly TarEntry[],
    reason: RegExp,
    what: string,
  ): HostileArchive => ({
    what: `${name} ${what}`,
    archive: altered(good, { name, content: buildTar(entries) }),
    reason,
  });
  const diff = (entries: readonly TarEntry[], reason: RegExp, what: string): HostileArchive =>
    within('rootfs-diff.tar', entries, reason, what);
  const link: TarEntry = { name: 'out', type: '2', linkTarget: outside };
  return [
    diff([{ name: '../escaped', content: 'x' }], /leads upwards/, 'climbs'),
    diff([{ name: `${outside}/escaped`, content: 'x' }], /absolute/, 'has an absolute name'),
    diff([link, { name: 'out/escaped', content: 'x' }], /symbolic link/, 'writes through a link'),
    diff(
      [link, { name: 'stolen', type: '1', linkTarget: 'out/victim' }],
      /symbolic link/,
      'links through a link',
    ),
    diff([{ name: 'stolen', type: '1', linkTarget: '../victim' }], /leads upwards/, 'links upwards'),
    diff(
      [{ name: 'disk', type: '4', device: { major: 254, minor: 0 } }],
      /device node/,
      'has a block device',
    ),
    diff(
      [{ name: 'memory', type: '3', device: { major: 1, minor: 1 } }],
      /device node/,
      'has a character device',
    ),
    diff([{ name: 'gone', type: '3' }], /whiteout/, 'has a whiteout'),
    diff([{ name: './', type: '2', linkTarget: outside }], /replace/, 'replaces the root'),
    diff([{ name: 'f', uid: 2 ** 33 }], /no user/, 'belongs to nobody'),
    diff([{ name: 'f', claimedSize: 2 ** 50 }], /larger|cut off/, 'claims to be huge'),
    within('devshm-checkpoint.tar', [{ name: '../escaped', content: 'x' }], /leads upwards/, 'climbs'),
    within(
      'devshm-checkpoint.tar',
      [link, { name: 'out/x', content: 'x' }],
      /symbolic link/,
      'writes through a link',
    ),
    within(
      'volumes/ifc-cv.tar',
      [{ name: '/etc/escaped', content: 'x' }],
      /absolute/,
      'has an absolute name',
    ),
    within(
      'volumes/ifc-cv.tar',
      [{ name: 'd', type: '3', device: { major: 1, minor: 1 } }],
      /device node/,
      'has a device',
    ),
    {
      what: 'rootfs-diff.tar is text',
      archive: altered(good, { name: 'rootfs-diff.tar', content: 'hello '.repeat(200) }),
      reason: /rootfs-diff\.tar.*no tar header/,
    },
    {
      what: 'rootfs-diff.tar is cut off',
      archive: altered(good, {
        name: 'rootfs-diff.tar',
        content: buildTar([{ name: 'f', content: 'x'.repeat(5000) }]).subarray(0, 2048),
      }),
      reason: /rootfs-diff\.tar.*cut off/,
    },
    {
      what: 'rootfs-diff.tar is gzip that is cut off',
      archive: altered(good, { name: 'rootfs-diff.tar', content: gzipSync(buildTar(good)).subarray(0, 500) }),
      reason: /rootfs-diff\.tar.*cut off/,
    },
  ];
}
