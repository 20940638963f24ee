#!/usr/bin/env node
/**
 * Makes a small OCI archive out of Debian's static busybox: one layer, no registry, no build tool. The same busybox gives
 * the same bytes: names sorted, times fixed, nothing of this machine inside.
 *
 *   node scripts/make-demo-image.mjs OUT.tar [--name localhost/demo:1] [--busybox /bin/busybox]
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

/** 2024-01-01: in every file of the layer, and in the configuration. */
const EPOCH_SECONDS = 1704067200;
const ARCHITECTURES = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1000:app:/home/app:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`;
const GROUP = `root:x:0:
app:x:1000:
nogroup:x:65534:
`;
const INDEX_HTML = `<!doctype html>
<title>tsctr</title>
<p>It works: this page comes from busybox httpd in a container.</p>
`;

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'localhost/demo:1' },
      busybox: { type: 'string', default: '/bin/busybox' },
    },
  });
  const [output] = positionals;
  if (output === undefined || positionals.length !== 1) {
    process.stderr.write('usage: node scripts/make-demo-image.mjs OUT.tar [--name NAME] [--busybox PATH]\n');
    process.exit(2);
  }
  const archive = makeArchive(readBusybox(values.busybox), values.name);
  writeFileSync(`${output}.part`, archive);
  renameSync(`${output}.part`, output);
}

function readBusybox(path) {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    process.stderr.write(
      `make the demo image: cannot read ${path} (${error.code}); install the package busybox-static\n`,
    );
    process.exit(1);
  }
  if (bytes.includes('/lib64/ld-linux') || bytes.includes('/lib/ld-linux')) {
    process.stderr.write(
      `make the demo image: ${path} is linked dynamically; install the package busybox-static\n`,
    );
    process.exit(1);
  }
  const applets = execFileSync(path, ['--list'], { encoding: 'utf8' }).split('\n');
  return { bytes, applets: applets.filter((name) => name !== '' && name !== 'busybox').sort() };
}

function makeArchive(busybox, name) {
  const layer = tar(layerEntries(busybox));
  const layerBlob = gzipSync(layer, { level: 9 });
  const created = new Date(EPOCH_SECONDS * 1000).toISOString().replace('.000', '');
  const config = json({
    created,
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
    history: [{ created, created_by: 'tsctr: busybox, /etc/passwd and a web page' }],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layerBlob)],
  });
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: { 'org.opencontainers.image.ref.name': name },
      },
    ],
  });
  const blobs = [layerBlob, config, manifest].map((data) =>
    file(`blobs/sha256/${digest(data).slice(7)}`, 0o644, data),
  );
  return tar([
    directory('blobs', 0o755),
    directory('blobs/sha256', 0o755),
    ...blobs.sort((a, b) => (a.name < b.name ? -1 : 1)),
    file('index.json', 0o644, index),
    file('oci-layout', 0o644, json({ imageLayoutVersion: '1.0.0' })),
  ]);
}

function layerEntries({ bytes, applets }) {
  return [
    directory('.', 0o555),
    directory('bin', 0o755),
    file('bin/busybox', 0o755, bytes),
    ...applets.map((applet) => symlink(`bin/${applet}`, 'busybox')),
    directory('dev', 0o755),
    directory('etc', 0o755),
    file('etc/group', 0o644, Buffer.from(GROUP)),
    file('etc/passwd', 0o644, Buffer.from(PASSWD)),
    directory('home', 0o755),
    { ...directory('home/app', 0o755), owner: 1000 },
    directory('proc', 0o555),
    directory('root', 0o700),
    directory('run', 0o755),
    directory('sys', 0o555),
    directory('tmp', 0o1777),
    directory('var', 0o755),
    directory('var/tmp', 0o1777),
    directory('www', 0o755),
    file('www/index.html', 0o644, Buffer.from(INDEX_HTML)),
  ];
}

const directory = (name, mode) => ({ type: '5', name: `${name}/`, mode });
const file = (name, mode, data) => ({ type: '0', name, mode, data });
const symlink = (name, target) => ({ type: '2', name, mode: 0o777, target });

/** A POSIX ustar archive; all names here are shorter than 100 bytes. */
function tar(entries) {
  const blocks = [];
  for (const entry of entries) {
    const data = entry.data ?? Buffer.alloc(0);
    blocks.push(header(entry, data.length), data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}

function header(entry, size) {
  const block = Buffer.alloc(512);
  const octal = (value, width) => value.toString(8).padStart(width - 1, '0');
  block.write(entry.name, 0);
  block.write(octal(entry.mode, 8), 100);
  block.write(octal(entry.owner ?? 0, 8), 108);
  block.write(octal(entry.owner ?? 0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(EPOCH_SECONDS, 12), 136);
  block.write('        ', 148);
  block.write(entry.type, 156);
  block.write(entry.target ?? '', 157);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}

const json = (value) => Buffer.from(JSON.stringify(value));
const digest = (data) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const descriptor = (mediaType, data) => ({ mediaType, digest: digest(data), size: data.length });

main();
