import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import { skip } from '../../support/skip.ts';
import { FakeService } from '../support/fake-service.ts';
import { containerRecord, NOW, podRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { typeCommand } from '../support/type-command.ts';

async function scriptFor(shell: string): Promise<string> {
  const { code, out } = await typeCommand(new FakeService(), ['completion', shell]);
  assert.is(code, 0);
  const path = join(temporaryDirectory(), `tsctr.${shell}`);
  writeFileSync(path, out);
  return path;
}

const bash = await scriptFor('bash');

/** What bash would offer for the line, as `complete` calls the function; names are answered by a stub. */
function offers(line: string): string[] {
  // As bash itself does: words also end at colons and equal signs.
  const words: string[] = [...(line.match(/[^\s:=]+|[:=]/g) ?? [])];
  if (/\s$/.test(line)) words.push('');
  const stub = `
    tsctr() { :; }
    command() { shift; echo "asked: $*" >> "$ASKED"; if [[ "$*" == *image* ]]; then echo localhost/demo:1; else echo web; echo container/web; fi; }
    compopt() { :; }
    source "$1"; shift
    COMP_LINE=$1; COMP_POINT=\${#1}; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _tsctr tsctr
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const asked = join(temporaryDirectory(), 'asked');
  const run = spawnSync('bash', ['--norc', '-c', stub, 'bash', bash, line, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ASKED: asked },
  });
  assert.is(run.stderr, '', line);
  return run.stdout.split('\n').filter((word) => word !== '');
}

test('bash takes the script', () => {
  const { status, stderr } = spawnSync('bash', ['-n', bash], { encoding: 'utf8' });
  assert.is(stderr, '');
  assert.is(status, 0);
});

for (const shell of ['zsh', 'fish']) {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  const title = `${shell} takes the script`;
  if (!isThere) {
    skip(test, title, `there is no ${shell} here`);
    continue;
  }
  test(title, async () => {
    const { status, stderr } = spawnSync(shell, ['-n', await scriptFor(shell)], { encoding: 'utf8' });
    assert.is(stderr, '');
    assert.is(status, 0);
  });
}

test('commands, at the first word', () => {
  assert.equal(offers('tsctr de'), ['delete', 'describe']);
  assert.ok(offers('tsctr ').includes('apply'));
  assert.not.ok(offers('tsctr ').includes('cleanup'));
  assert.equal(offers('tsctr --root /x --run /y ge'), ['get']);
});

test('commands of a group', () => {
  assert.equal(offers('tsctr image p'), ['pull', 'push', 'prune']);
});

test('options of the command, and of every command', () => {
  assert.equal(offers('tsctr get --w'), ['--watch']);
  assert.equal(offers('tsctr apply --ro'), ['--root']);
  assert.equal(offers('tsctr --co'), ['--config']);
});

test('values of options', () => {
  assert.equal(offers('tsctr get -o '), ['wide', 'json', 'yaml', 'name']);
  assert.equal(offers('tsctr image pull --policy Al'), ['Always']);
  assert.equal(offers('tsctr completion z'), ['zsh']);
});

test('names of resources and images, up to a colon', () => {
  assert.equal(offers('tsctr logs w'), ['web']);
  assert.equal(offers('tsctr get container/'), ['container/web']);
  assert.equal(offers('tsctr image remove localhost/demo:'), ['1']);
  assert.equal(offers('tsctr image remove loc'), ['localhost/demo:1']);
});

test('every script has every command', async () => {
  const { readFileSync } = await import('node:fs');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const text = readFileSync(await scriptFor(shell), 'utf8');
    for (const word of ['apply', 'image pull', 'doctor', 'completion', '--selector'.slice(2)]) {
      assert.ok(text.includes(word), `${shell}: ${word}`);
    }
  }
});

test('the names that scripts ask for', async () => {
  const service = new FakeService();
  service.views = [viewContainer(containerRecord('web'), NOW), viewPod(podRecord('db', ['a']), [], NOW)];
  const ask = async (...words: string[]): Promise<string[]> =>
    (await typeCommand(service, ['__complete', ...words])).out.trim().split('\n');
  assert.equal(await ask('resource'), ['web', 'container/web', 'db', 'pod/db']);
  assert.equal(await ask('resource', 'pod'), ['db']);
  assert.equal(await ask('image'), ['localhost/demo:1']);
  service.error = new Error('no daemon');
  assert.equal(await typeCommand(service, ['__complete', 'resource']), { code: 1, out: '', err: '' });
});

test.run();
