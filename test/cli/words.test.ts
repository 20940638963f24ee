import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CliError } from '../../cli/command-line/cli-error.ts';
import { parseDurationMs } from '../../cli/arguments/duration.ts';
import { EXIT, exitCodeOf } from '../../cli/command-line/exit-code.ts';
import { findCommandWords } from '../../cli/command-line/find-command.ts';
import { parseLabelSelector } from '../../cli/arguments/label-selector.ts';
import { editDistance, parseNames } from '../../cli/arguments/resource-name.ts';

function isBadInput(error: Error): boolean {
  return error instanceof CliError && error.code === 'BAD_INPUT';
}

test('durations', () => {
  const texts = ['500ms', '30s', '30', '1.5s', '5m', '1h30m', '2d', '0'];
  assert.equal(
    texts.map((text) => parseDurationMs(text, '--wait')),
    [500, 30_000, 30_000, 1500, 300_000, 5_400_000, 172_800_000, 0],
  );
  for (const bad of ['', 'soon', '5 m', '-5s', '1h30', 'h']) {
    assert.throws(() => parseDurationMs(bad, '--wait'), isBadInput, bad);
  }
});

test('label selectors', () => {
  const matches = (text: string, labels: Record<string, string>): boolean => parseLabelSelector(text)(labels);
  const web = { app: 'web', tier: 'front', 'tsctr.dev/x': '1' };
  for (const yes of [
    'app=web',
    'app==web',
    'app!=api',
    'app',
    '!other',
    'app in (api, web)',
    'app notin (api)',
    'tsctr.dev/x=1',
    'app=web,tier',
    'other!=x',
    '',
  ]) {
    assert.ok(matches(yes, web), yes);
  }
  for (const no of [
    'app=api',
    'app!=web',
    'other',
    '!app',
    'app in (api)',
    'app notin (web,api)',
    'app=web,tier=back',
    'other=',
  ]) {
    assert.not.ok(matches(no, web), no);
  }
  for (const bad of ['app=web=x', 'app in web', '=x', 'a b', 'app in (a', '!']) {
    assert.throws(() => parseLabelSelector(bad), isBadInput, bad);
  }
});

test('names', () => {
  const container = (name: string) => ({ kind: 'Container', name });
  assert.equal(parseNames(['container', 'web', 'api']).names, [container('web'), container('api')]);
  assert.equal(parseNames(['c/web', 'po/db']).names, [container('web'), { kind: 'Pod', name: 'db' }]);
  assert.equal(parseNames(['web']).names, [{ kind: null, name: 'web' }]);
  assert.equal(parseNames(['Pods,container']), { kinds: ['Pod', 'Container'], names: [] });
  assert.equal(parseNames([]), { kinds: [], names: [] });
  for (const bad of [['node/x'], ['pod/'], ['pod', 'container/web'], ['pod,container', 'x']]) {
    assert.throws(() => parseNames(bad), isBadInput, bad.join(' '));
  }
  assert.is(editDistance('cache', 'chace'), 2);
});

test('the words of a command are found among global options', () => {
  assert.equal(findCommandWords(['--root', 'get', '-o', 'json', 'image', '-v', 'pull', 'x'], 2), [
    'image',
    'pull',
  ]);
  assert.equal(findCommandWords(['--root=get', 'logs', '-f', 'web'], 1), ['logs']);
  assert.equal(findCommandWords(['--', 'get'], 1), []);
});

test('exit codes go by the code of the error', () => {
  const coded = (code: string): Error => Object.assign(new Error('x'), { code });
  assert.is(exitCodeOf(coded('BAD_MANIFEST')), EXIT.badInput);
  assert.is(exitCodeOf(coded('NOT_FOUND')), EXIT.failed);
  assert.is(exitCodeOf(coded('EPERM')), EXIT.failed);
  assert.is(exitCodeOf(coded('NOT_CONVERGED')), EXIT.notConverged);
  assert.is(exitCodeOf(new DOMException('x', 'AbortError')), EXIT.interrupted);
  assert.is(exitCodeOf('not even an error'), EXIT.failed);
});

test.run();
