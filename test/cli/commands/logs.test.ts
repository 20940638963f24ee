import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import { FakeService } from '../support/fake-service.ts';
import { ago, containerRecord, memberRecord, MINUTE, NOW, podRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { typeCommand } from '../support/type-command.ts';

const at = (spanMs: number, text: string): string => `${ago(spanMs)} stdout F ${text}\n`;

function hostWithLog(running: boolean): FakeService {
  const service = new FakeService();
  const directory = temporaryDirectory();
  service.views = [viewContainer(containerRecord('web'), NOW)];
  service.logFiles = { current: join(directory, 'log'), previous: join(directory, 'log.previous'), running };
  writeFileSync(
    service.logFiles.current,
    at(20 * MINUTE, 'old') + at(2 * MINUTE, 'new') + at(MINUTE, 'newest'),
  );
  return service;
}

test('[life.attach-logs] tsctr logs: all, the last, since, with times', async () => {
  const service = hostWithLog(false);
  const logs = async (...args: string[]): Promise<string> =>
    (await typeCommand(service, ['logs', 'web', ...args])).out;
  assert.is(await logs(), 'old\nnew\nnewest\n');
  assert.is(await logs('--tail', '1'), 'newest\n');
  assert.is(await logs('--tail', '0'), '');
  assert.is(await logs('--since', '10m'), 'new\nnewest\n');
  assert.is(await logs('--since', ago(90_000)), 'newest\n');
  assert.is(await logs('--tail', '1', '--timestamps'), `${ago(MINUTE)} newest\n`);
  for (const when of ['yesterday', '2026-13-01']) {
    const { code, err } = await typeCommand(service, ['logs', 'web', '--since', when]);
    assert.is(code, 2);
    assert.match(err, `--since: '${when}' is neither a duration nor a time\n  → write it like 10m, or 2026-`);
  }
});

test('a container that is called what a kind is called for short has to be named with its kind', async () => {
  const service = hostWithLog(false);
  service.views = [viewContainer(containerRecord('c'), NOW)];
  const bare = await typeCommand(service, ['logs', 'c']);
  assert.equal(bare, {
    code: 2,
    out: '',
    err: "error: logs: 'c' is a kind\n  → say tsctr logs container/c\n",
  });
  assert.is((await typeCommand(service, ['logs', 'container/c', '--tail', '1'])).out, 'newest\n');
});

test('[life.attach-logs] tsctr logs --previous is of the run before', async () => {
  const service = hostWithLog(true);
  const none = await typeCommand(service, ['logs', 'web', '-p']);
  assert.equal(none, { code: 1, out: '', err: 'error: container/web: there is no log of an earlier run\n' });
  writeFileSync(service.logFiles.previous, at(MINUTE, 'last words'));
  assert.is((await typeCommand(service, ['logs', 'web', '-p'])).out, 'last words\n');
});

test('[life.attach-logs] tsctr logs -f goes on until the container ends, and misses nothing', async () => {
  const service = hostWithLog(true);
  const { current } = service.logFiles;
  let told = '';
  const following = typeCommand(service, ['logs', 'web', '-f', '--tail', '1'], {
    onOut: (text) => {
      told += text;
    },
  });
  const until = async (text: string): Promise<void> => {
    for (let i = 0; i < 1000 && told !== text; i += 1) await new Promise((r) => setTimeout(r, 2));
    assert.is(told, text);
  };
  await until('newest\n');
  appendFileSync(current, at(0, 'more'));
  await until('newest\nmore\n');
  while (service.watcherCount === 0) await new Promise((r) => setTimeout(r, 2));
  appendFileSync(current, at(0, 'the end'));
  service.change(viewContainer(containerRecord('web', { state: 'Stopped', pid: null }), NOW));
  const { code, out } = await following;
  assert.is(out, 'newest\nmore\nthe end\n');
  assert.is(code, 0);
});

test('tsctr logs -f ends when the container had ended just before the watch began', async () => {
  const service = hostWithLog(true);
  const watch = service.watch.bind(service);
  service.watch = (onEvent, signal) => {
    service.views = [viewContainer(containerRecord('web', { state: 'Exited', pid: null }), NOW)];
    return watch(onEvent, signal);
  };
  const { code, out } = await typeCommand(service, ['logs', 'web', '-f']);
  assert.is(out, 'old\nnew\nnewest\n');
  assert.is(code, 0);
});

test('tsctr logs -f ends with 130 on Ctrl-C', async () => {
  const end = new AbortController();
  const { code } = await typeCommand(hostWithLog(true), ['logs', 'web', '-f'], {
    signal: end.signal,
    onOut: () => {
      setTimeout(() => {
        end.abort();
      }, 5);
    },
  });
  assert.is(code, 130);
});

test('tsctr logs of a pod: its only container, or the one that is named', async () => {
  const service = hostWithLog(false);
  service.views = [
    viewPod(podRecord('db', ['server']), [memberRecord('db', 'server')], NOW),
    viewPod(podRecord('two', ['a', 'b']), [], NOW),
  ];
  await typeCommand(service, ['logs', 'db']);
  assert.equal(service.calls.at(-1)?.request, [{ kind: 'Pod', name: 'db' }, 'server']);
  await typeCommand(service, ['logs', 'two', '-c', 'b']);
  assert.equal(service.calls.at(-1)?.request, [{ kind: 'Pod', name: 'two' }, 'b']);
  const many = await typeCommand(service, ['logs', 'two']);
  assert.equal(
    [many.code, many.err],
    [2, 'error: pod/two has several containers: a, b\n  → say which with -c\n'],
  );
  const none = await typeCommand(service, ['logs', 'two', '-c', 'x']);
  assert.equal([none.code, none.err], [1, "error: pod/two: no container 'x'\n  → it has a, b\n"]);
});

test('tsctr logs of what has never run', async () => {
  const service = new FakeService();
  service.views = [viewContainer(containerRecord('web', { state: 'Configured' }), NOW)];
  const { code, err } = await typeCommand(service, ['logs', 'web']);
  assert.equal([code, err], [1, 'error: container/web: it has not run, so there is no log\n']);
});

test.run();
