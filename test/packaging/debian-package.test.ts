import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withDirectory } from '../support/scratch-directory.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What the program reads, beside what is bundled: found by looking for `packageRoot()` in the sources. */
const FILES_READ = ['package.json', 'schemas/criu/criu-rpc.proto', 'schemas/criu/criu-images.proto'];

function run(file: string, args: readonly string[], cwd = ROOT): string {
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd, env });
  assert.is(status, 0, `${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Its own part answers: without an id it says what it expects, before it looks for anything on the host. */
function assertIsRuntime(program: string): void {
  const { status, stderr } = spawnSync(program, ['checkpoint'], { encoding: 'utf8' });
  assert.is(status, 1);
  assert.match(stderr, /^checkpoint: expected the id of one container|found none: runc crun/);
}

test('a Debian package holds all that runs, and is what the policy asks for', () =>
  withDirectory((directory) => {
    const build = (...options: string[]) =>
      run('bash', ['scripts/build-deb.sh', '--no-build', ...options])
        .trimEnd()
        .split('\n')
        .at(-1) ?? '';
    const debian = build('--output', directory);
    const again = build('--output', path.join(directory, 'again'));
    assert.ok(readFileSync(debian).equals(readFileSync(again)), 'the same sources make the same package');
    const tree = path.join(directory, 'tree');
    run('dpkg-deb', ['-x', debian, tree]);

    assert.match(run(path.join(tree, 'usr/bin/tsctr'), ['version']), /^tsctr \d+\.\d+/);
    assertIsRuntime(path.join(tree, 'usr/bin/tsctr-oci'));
    const doctor = spawnSync(path.join(tree, 'usr/bin/tsctr'), ['doctor', '--run', directory], {
      encoding: 'utf8',
    });
    assert.match(doctor.stdout, /addon +loads/);
    assert.match(
      readFileSync(path.join(tree, 'usr/lib/systemd/system/tsctr.service'), 'utf8'),
      /KillMode=process/,
    );
    assert.match(realpathSync(path.join(tree, 'usr/bin/tsctr')), /tsctr-client$/);
    assert.match(run(path.join(tree, 'usr/lib/tsctr/bin/tsctr'), ['version']), /^tsctr \d+\.\d+/);
    assert.ok(existsSync(path.join(tree, 'etc/tsctr.d')));
    for (const file of FILES_READ) assert.ok(existsSync(path.join(tree, 'usr/lib/tsctr', file)), file);
    for (const file of ['bash-completion/completions/tsctr', 'zsh/vendor-completions/_tsctr']) {
      assert.match(readFileSync(path.join(tree, 'usr/share', file), 'utf8'), /tsctr/);
    }
    const pages = readdirSync(path.join(tree, 'usr/share/man/man1'));
    for (const page of ['tsctr.1.gz', 'tsctr-apply.1.gz', 'tsctr-image-pull.1.gz', 'tsctr-oci.1.gz'])
      assert.ok(pages.includes(page), page);
    const page = gunzipSync(readFileSync(path.join(tree, 'usr/share/man/man1/tsctr-apply.1.gz'))).toString();
    assert.match(page, /\.SH NAME\ntsctr-apply \\- make the host as the manifests say\n/);

    const depends = run('dpkg-deb', ['-f', debian, 'Depends']);
    for (const name of ['nodejs (>= 20.19)', 'crun | runc', 'conmon', 'skopeo']) {
      assert.ok(depends.includes(name), `${name} in ${depends}`);
    }
    assert.is(run('dpkg-deb', ['-f', debian, 'Conffiles']).trim(), '');
    assert.match(run('dpkg-deb', ['-I', debian, 'conffiles']), /^\/etc\/tsctr\/config\.yaml$/m);
  }));

test('an npm package runs from where it is unpacked, with the addon that it brings', () =>
  withDirectory((directory) => {
    run(process.execPath, ['scripts/prebuild.mjs']);
    const name = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory]);
    run('tar', ['-xzf', path.join(directory, name.trim()), '-C', directory]);
    const unpacked = path.join(directory, 'package');
    assert.not.ok(existsSync(path.join(unpacked, 'build')), 'only what is in prebuilds/');
    assert.match(run(path.join(unpacked, 'bin/tsctr'), ['version']), /^tsctr \d+\.\d+/);
    assertIsRuntime(path.join(unpacked, 'bin/tsctr-oci'));
    const { stdout } = spawnSync(path.join(unpacked, 'bin/tsctr'), ['doctor', '--run', directory], {
      encoding: 'utf8',
    });
    assert.match(stdout, /addon +loads/);
    for (const file of [
      ...FILES_READ,
      `prebuilds/linux-${process.arch}/tsctr-client`,
      'native/src',
      'binding.gyp',
      'packaging/tsctr.service',
      'examples',
    ]) {
      assert.ok(existsSync(path.join(unpacked, file)), file);
    }
  }));

test.run();
