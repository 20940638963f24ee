import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, closeSync, rmSync, symlinkSync } from 'node:fs';
import { existsSync, linkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from '../../native/index.ts';
import { testUnless } from '../support/skip.ts';

const PROGRAM = nativeProgram('tsctr-tar');
/** As CRIU calls it. */
const CREATE = [
  ...['--create', '--gzip', '--no-unquote', '--no-wildcards', '--one-file-system', '--check-links'],
  ...['--preserve-permissions', '--sparse', '--numeric-owner', '--directory', '/proc/self/fd/0', '.'],
];
const EXTRACT = ['--extract', '--gzip', '--no-unquote', '--no-wildcards', '--directory'];

interface Place {
  top: string;
  source: string;
  target: string;
}

const test = suite<Place>('tsctr-tar');
const asRoot = testUnless(test, process.getuid?.() === 0 ? null : 'needs root');

test.before.each((context) => {
  context.top = mkdtempSync(path.join(tmpdir(), 'tar-'));
  context.source = path.join(context.top, 'source');
  context.target = path.join(context.top, 'target');
  mkdirSync(context.source);
  mkdirSync(context.target);
});
test.after.each((context) => {
  rmSync(context.top, { recursive: true });
});

function create(program: string, source: string): Buffer {
  const fd = openSync(source, 'r');
  const result = spawnSync(program, CREATE, { stdio: [fd, 'pipe', 'pipe'] });
  closeSync(fd);
  assert.is(result.status, 0, result.stderr.toString());
  return result.stdout;
}

function extract(program: string, { top, target }: Place, archive: Buffer) {
  const file = path.join(top, 'archive');
  writeFileSync(file, archive);
  const fd = openSync(file, 'r');
  const result = spawnSync(program, [...EXTRACT, target], { stdio: [fd, 'pipe', 'pipe'] });
  closeSync(fd);
  return { status: result.status, stderr: result.stderr.toString() };
}

/** Everything of a tree, but for the times of access. */
function describe(directory: string): string {
  const format = '%P %y %m %U:%G %l %T@ %s\n';
  const found = execFileSync('find', [directory, '-printf', format], { encoding: 'utf8' });
  const nodes = execFileSync('find', [directory, '-type', 'c', '-exec', 'stat', '-c', '%n %t %T', '{}', ';']);
  // What real tar keeps of a time is whole seconds, and the size of a directory is the file system's.
  const lines = found.split('\n').map((line) => line.replace(/(\.\d+) (\d+)$/, ' $2'));
  const plain = lines.map((line) => (/^.* d /.test(line) ? line.replace(/ \d+$/, '') : line));
  return [...plain.sort(), nodes.toString().replaceAll(directory, '')].join('\n');
}

/** Like the /dev of a container. */
function fill(source: string): void {
  execFileSync('sh', [
    '-ec',
    `cd ${source}; mkdir -p pts shm; mknod null c 1 3; mknod -m 666 tty c 5 0; mkfifo -m 600 pipe
     ln -s /proc/self/fd fd; ln -s pts/ptmx ptmx; : >console; echo text >shm/file; chmod 1777 shm; chown 5:7 shm/file
     chmod 4755 shm/file; chown -h 9:9 ptmx; touch -d 2020-01-02T03:04:05Z pts shm/file fd; chmod 0755 .`,
  ]);
}

asRoot('a tree of nodes and links comes back as it was, by our own and by the real tar', (place) => {
  fill(place.source);
  const archive = create(PROGRAM, place.source);
  assert.is(archive.subarray(10, 11).toString('hex'), '01', 'it is stored, so it is ours');
  for (const program of [PROGRAM, 'tar']) {
    assert.equal(extract(program, place, archive), { status: 0, stderr: '' });
    assert.is(describe(place.target), describe(place.source), program);
    rmSync(place.target, { recursive: true });
    mkdirSync(place.target);
  }
});

asRoot('an archive of the real tar is left to the real tar', (place) => {
  fill(place.source);
  assert.equal(extract(PROGRAM, place, create('tar', place.source)), { status: 0, stderr: '' });
  assert.is(describe(place.target), describe(place.source));
});

asRoot('what is not that simple is saved by the real tar', (place) => {
  const cases: Record<string, () => void> = {
    'hard links': () => {
      writeFileSync(path.join(place.source, 'one'), 'x');
      linkSync(path.join(place.source, 'one'), path.join(place.source, 'two'));
    },
    'a large file': () => {
      writeFileSync(path.join(place.source, 'large'), Buffer.alloc(2 << 20, 'x'));
    },
    'a file with holes': () => {
      writeFileSync(path.join(place.source, 'sparse'), '');
      truncateSync(path.join(place.source, 'sparse'), 100_000);
    },
    'a long name': () => {
      writeFileSync(path.join(place.source, 'n'.repeat(200)), 'x');
    },
  };
  for (const [what, make] of Object.entries(cases)) {
    rmSync(place.source, { recursive: true });
    mkdirSync(place.source);
    make();
    const archive = create(PROGRAM, place.source);
    assert.is.not(archive.subarray(10, 11).toString('hex'), '01', what);
    assert.ok(gunzipSync(archive).length > 0, what);
  }
});

asRoot('other arguments are those of the real tar', (place) => {
  writeFileSync(path.join(place.source, 'a'), 'x');
  const result = spawnSync(PROGRAM, ['--create', '--directory', place.source, 'a']);
  assert.is(result.status, 0);
  assert.is(result.stdout.length, 10_240, 'a record of the real one');
});

/** As our own writes it: gzip with level 0 has the same blocks, and its header is given the same bytes. */
function plain(tar: Buffer): Buffer {
  const file = gzipSync(tar, { level: 0 });
  file.writeUInt8(0, 8);
  file.writeUInt8(3, 9);
  return file;
}

asRoot('a hostile archive writes nothing outside of its directory', (place) => {
  const outside = path.join(place.top, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, path.join(place.source, 'dir'));
  const link = execFileSync('tar', ['-C', place.source, '-H', 'ustar', '-c', './dir']).subarray(0, 512);
  const source = path.join(place.top, 'second');
  mkdirSync(path.join(source, 'dir'), { recursive: true });
  writeFileSync(path.join(source, 'dir/file'), 'x');
  const file = execFileSync('tar', ['-C', source, '-H', 'ustar', '-c', './dir/file']);
  extract(PROGRAM, place, plain(Buffer.concat([link, file])));
  assert.not(existsSync(path.join(outside, 'file')));
  for (const name of ['./../outside/file', './dir/../../outside/file', '/tmp/tsctr-tar-outside']) {
    const renamed = execFileSync('tar', [
      ...['-C', source, '-H', 'ustar', '-P', '-c', './dir/file'],
      `--transform=s,.*,${name},`,
    ]);
    extract(PROGRAM, place, plain(renamed));
    assert.not(existsSync(path.join(outside, 'file')), name);
    assert.not(existsSync('/tmp/tsctr-tar-outside'), name);
  }
});

asRoot('a damaged archive is refused', (place) => {
  fill(place.source);
  const archive = create(PROGRAM, place.source);
  archive.writeUInt8(archive.readUInt8(600) ^ 1, 600);
  assert.is.not(extract(PROGRAM, place, archive).status, 0);
});

test.run();
