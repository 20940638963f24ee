import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { followFile } from '../../../cli/log/follow-file.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function follow(path: string, offset = 0) {
  const ended = new AbortController();
  const stop = new AbortController();
  const seen = { text: '' };
  // inotify does not keep the loop alive in every Node; a test must not end before it.
  const keepAlive = setInterval(() => undefined, 1000);
  const done = followFile({
    path,
    offset,
    onData: (bytes) => {
      seen.text += bytes.toString();
    },
    ended: ended.signal,
    signal: stop.signal,
  }).finally(() => {
    clearInterval(keepAlive);
  });
  const until = async (text: string): Promise<void> => {
    for (let i = 0; i < 1000 && seen.text !== text; i += 1) await new Promise((r) => setTimeout(r, 2));
    assert.is(seen.text, text);
  };
  return { ended, stop, seen, done, until };
}

test('what is added is read, and after the end the rest', async () => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'one\n');
  const { ended, done, until, seen } = follow(path);
  await until('one\n');
  appendFileSync(path, 'two\n');
  await until('one\ntwo\n');
  appendFileSync(path, 'three\n');
  ended.abort();
  await done;
  assert.is(seen.text, 'one\ntwo\nthree\n');
});

test('a file that ended before is read once', async () => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'one\ntwo\n');
  const { ended, done, seen } = follow(path, 4);
  ended.abort();
  await done;
  assert.is(seen.text, 'two\n');
});

test('a file that is replaced is read to its end, then the new one', async () => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'one\n');
  const { ended, done, until } = follow(path);
  await until('one\n');
  appendFileSync(path, 'two\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'three\n');
  await until('one\ntwo\nthree\n');
  appendFileSync(path, 'four\n');
  await until('one\ntwo\nthree\nfour\n');
  ended.abort();
  await done;
});

test('a file that is cut short is read from its beginning', async () => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'a long first line\n');
  const { ended, done, until } = follow(path);
  await until('a long first line\n');
  truncateSync(path, 0);
  appendFileSync(path, 'new\n');
  await until('a long first line\nnew\n');
  ended.abort();
  await done;
});

test('a file that comes later is waited for', async () => {
  const path = join(temporaryDirectory(), 'log');
  const { stop, done, until } = follow(path);
  await new Promise((r) => setTimeout(r, 20));
  writeFileSync(path, 'one\n');
  await until('one\n');
  stop.abort();
  await done;
});

test('waiting costs no processor time', async () => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'one\n');
  const { stop, done, until } = follow(path);
  await until('one\n');
  const before = process.cpuUsage();
  await new Promise((r) => setTimeout(r, 300));
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 50_000, `${user + system} µs in 300 ms`);
  stop.abort();
  await done;
});

test.run();
